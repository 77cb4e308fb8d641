#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "bench/control.h"
#include "bench/fleet.h"
#include "bench/progress.h"

namespace bench {

// What is waited for. All of it is asked by the waiting thread.
struct Awaited {
  std::function<bool()> has_ended;
  std::function<uint64_t()> answered;
  std::function<uint64_t()> failed = [] { return uint64_t{0}; };
  // If nothing is answered for so long while a connection reaches nobody, that is the end.
  runtime::Duration patience = std::chrono::seconds(5);
  Progress* progress = nullptr;  // null: nobody wants to know
};

// Why a wait was over before what was waited for.
struct Cut {
  bool interrupted = false;
  std::string failure = {};  // who cannot be reached

  bool ok() const { return !interrupted && failure.empty(); }
};

// Parks until it has ended, it is interrupted, or nobody can be reached. Who ends it unparks.
Cut Wait(Fleet* fleet, Control* control, const Awaited& awaited);

}  // namespace bench
