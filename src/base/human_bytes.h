#pragma once

#include <cstdint>
#include <string>

namespace base {

// "20 kB": in powers of 1000, one digit after the point below ten, as etcd tells sizes.
std::string HumanBytes(uint64_t bytes);

}  // namespace base
