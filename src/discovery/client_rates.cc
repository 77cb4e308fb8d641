#include "discovery/client_rates.h"

#include <algorithm>

namespace discovery {
namespace {

constexpr runtime::Duration kBurst = std::chrono::minutes(1);

}  // namespace

runtime::Duration ClientRates::Ask(const std::string& address, runtime::TimePoint now) {
  if (per_minute_ == 0) return runtime::Duration::zero();
  const auto [found, is_new] = by_address_.try_emplace(address);
  if (is_new) {
    clients_.push_front({address, now});
    found->second = clients_.begin();
    if (clients_.size() > clients_max_) {
      by_address_.erase(clients_.back().address);
      clients_.pop_back();
    }
  } else {
    clients_.splice(clients_.begin(), clients_, found->second);
  }
  Client& client = clients_.front();
  const runtime::TimePoint done =
      std::max(client.done, now) + kBurst / static_cast<int64_t>(per_minute_);
  if (done > now + kBurst) return done - (now + kBurst);
  client.done = done;
  return runtime::Duration::zero();
}

}  // namespace discovery
