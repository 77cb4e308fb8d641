#pragma once

#include <chrono>

namespace ctl {

// Waits so long, and does nothing else.
void Pause(std::chrono::nanoseconds duration);

}  // namespace ctl
