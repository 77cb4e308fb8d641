#include "net/rpc/backoff.h"

#include <algorithm>

namespace rpc {

runtime::Duration Backoff::Next() {
  const runtime::Duration base = next_;
  next_ = std::min(next_ * options_.growth_percent / 100, options_.longest);
  const runtime::Duration spread = base * options_.jitter_percent / 100;
  return base - spread +
         runtime::Duration(random_.Below(static_cast<uint64_t>(2 * spread.count() + 1)));
}

}  // namespace rpc
