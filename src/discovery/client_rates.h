#pragma once

#include <cstddef>
#include <list>
#include <string>
#include <unordered_map>

#include "runtime/time.h"

namespace discovery {

// How often each client may ask, by its address: so many a minute, which are saved up for as long.
// Remembers `clients_max` of them, and of more the last that came; whoever is forgotten begins
// anew. One loop.
class ClientRates {
 public:
  // 0 a minute: there is no limit.
  ClientRates(uint64_t per_minute, size_t clients_max)
      : per_minute_(per_minute), clients_max_(clients_max) {}

  // Counts a request. 0: it may come; else how long until the next one may, and it does not count.
  runtime::Duration Ask(const std::string& address, runtime::TimePoint now);

  size_t clients() const { return by_address_.size(); }

 private:
  struct Client {
    std::string address;
    // When all that was asked would have come at that rate (the generic cell rate algorithm).
    runtime::TimePoint done;
  };

  const uint64_t per_minute_;
  const size_t clients_max_;
  std::list<Client> clients_;  // who came last is first
  std::unordered_map<std::string, std::list<Client>::iterator> by_address_;
};

}  // namespace discovery
