#pragma once

#include <cstdint>
#include <string>

namespace base {

// The id of a lease as people read it: sixteen characters, hexadecimal, with zeros in front; a
// negative one has its sign among them, "-000000000000001", as Go's %016x prints it.
std::string LeaseText(int64_t id);

}  // namespace base
