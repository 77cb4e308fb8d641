#pragma once

#include <cstdint>

namespace runtime::posix {

// Who goes before whom where several threads want the same processor.
enum class Priority : uint8_t {
  kNormal,
  // As much as a normal one, and sooner: for threads that do a little at a time.
  kPrompt,
  // A tenth of a processor that is never idle; whoever else wants it gets it at once.
  kLow,
  // Nothing of a processor that others want, or next to nothing.
  kIdle,
};

// Of the calling thread. Where that is not permitted, or not known to the system, it competes as
// all do.
void SetPriority(Priority priority);

}  // namespace runtime::posix
