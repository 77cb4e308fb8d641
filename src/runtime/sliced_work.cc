#include "runtime/sliced_work.h"

#include <utility>

#include "runtime/slice.h"

namespace runtime {

void SlicedWork::Wake() {
  if (std::exchange(is_posted_, true)) return;
  parts_.loop->PostSlice([this, alive = std::weak_ptr<bool>(alive_)] {
    if (!alive.expired()) RunSlice();
  });
}

void SlicedWork::RunSlice() {
  Slice slice(parts_.loop->clock());
  bool more = true;
  while (more && !slice.IsOver()) more = parts_.step();
  is_posted_ = false;
  parts_.on_slice();
  if (more) Wake();
}

}  // namespace runtime
