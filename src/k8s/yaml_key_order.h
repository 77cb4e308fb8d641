#pragma once

#include <string_view>

namespace k8s {

// The order in which Go's yaml writes the names of an object: what is no letter before letters,
// and numbers in them by what they are, "a2" before "a10". A strict weak order.
bool YamlKeyIsBefore(std::string_view a, std::string_view b);

}  // namespace k8s
