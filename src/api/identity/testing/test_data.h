#pragma once

#include <string>
#include <string_view>

namespace identity::testing {

// What a file of src/api/identity/testdata holds. The keys there are for tests alone.
std::string TestData(std::string_view name);

}  // namespace identity::testing
