#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "runtime/random.h"
#include "runtime/time.h"
#include "sim/checker.h"
#include "sim/client.h"
#include "sim/process.h"

namespace sim {

// What clients do with leases, and hold against the answers: who is told that a lease has so many
// seconds has them, from when he asked, whoever leads meanwhile, unless somebody asked to revoke
// it; and no lease that has run out comes back. Outlives the clients.
class LeaseWorkload {
 public:
  // Has some client call some member.
  using Ask = std::function<void(const char* path, std::string request,
                                 std::function<void(const Client::Answer& answer)> done)>;
  // All outlive this.
  LeaseWorkload(const runtime::Clock* clock, runtime::Random* random, Checker* checker, Ask ask)
      : clock_(*clock), random_(*random), checker_(*checker), ask_(std::move(ask)) {}

  // One request.
  void Act();
  // The number of a lease that may be there, or 0.
  int64_t Draw();

  // Compares what members hold that have nothing more to apply.
  void CheckAll(const std::vector<Process*>& processes) const;

 private:
  struct Lease {
    runtime::TimePoint until;     // it lasts at least
    bool may_be_revoked = false;  // somebody asked for that
    bool is_gone = false;         // somebody was told so
  };

  void Grant();
  void Revoke(int64_t id);
  void Renew(int64_t id);
  // `before`: what was known of it when it was asked for.
  void OnRenewed(int64_t id, runtime::TimePoint asked, const Lease& before, int64_t ttl);
  void Fail(int64_t id, const std::string& what);

  const runtime::Clock& clock_;
  runtime::Random& random_;
  Checker& checker_;
  const Ask ask_;
  int64_t count_ = 0;                // that were asked for
  std::map<int64_t, Lease> leases_;  // that were granted
};

}  // namespace sim
