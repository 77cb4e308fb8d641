#pragma once

#include <cstdint>

namespace runtime::posix {

// Raises the process's limit of open file descriptors as far as it may, as Go's runtime does, and
// returns it.
uint64_t RaiseDescriptorLimit();

// As it is now.
uint64_t DescriptorLimit();

}  // namespace runtime::posix
