#pragma once

#include <cstdint>
#include <memory>

#include "base/result.h"
#include "raft/membership.h"
#include "runtime/published.h"
#include "runtime/time.h"
#include "state/alarms/alarms.h"
#include "state/apply/cluster_view.h"
#include "state/auth/view.h"
#include "state/members/membership.h"
#include "storage/backend/backend.h"
#include "storage/backend/write_buffer.h"
#include "storage/mvcc/store.h"

namespace admission {
class RuleSet;
class Rules;
}  // namespace admission
namespace auth {
class Users;
}
namespace leases {
class Leases;
}
namespace v2 {
class Store;
}

namespace apply {

// Everything that entries of the log have made: the database, and what is read from it into memory.
// A snapshot from another member replaces it whole; who still reads the old one keeps it alive.
class State {
 public:
  struct Options {
    backend::WriteBuffer::Limits commits;
    mvcc::Store::Options store;
    // Shorter leases, in seconds, become as long.
    int64_t lease_ttl_min = 2;
    // That may be in use, beyond what etcd knows.
    members::Extensions extensions = {};
  };
  // Reads what `database` holds. kDataLoss, naming the record, for one that cannot be believed;
  // kUnimplemented, naming it, for content that this version does not know how to serve:
  // extensions. `clock` outlives the state.
  static base::Result<std::shared_ptr<State>> Open(std::unique_ptr<backend::Backend> database,
                                                   const Options& options,
                                                   const runtime::Clock* clock);
  ~State();
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  // Any thread, as their comments say.
  backend::Backend& database() { return *database_; }
  mvcc::Store& store() { return *store_; }
  const runtime::Published<const ClusterView>& view() const { return view_; }
  const runtime::Published<const auth::View>& auth_view() const;
  const runtime::Published<const admission::RuleSet>& admission_rules() const;
  const v2::Store& v2() const { return *v2_; }

  // The apply loop.
  backend::WriteBuffer& buffer() { return buffer_; }
  members::Membership& members() { return *members_; }
  alarms::Alarms& alarms() { return *alarms_; }
  auth::Users& users() { return *users_; }
  leases::Leases& leases() { return *leases_; }
  admission::Rules& rules() { return *rules_; }
  v2::Store& v2() { return *v2_; }
  // What the members vote by, as of the last entry applied.
  const raft::Membership& configuration() const { return configuration_; }
  // It becomes a part of the entry being applied.
  void SetConfiguration(raft::Membership configuration);
  // Shows readers the members, the version and the alarms as they are now.
  void PublishView();

 private:
  State(std::unique_ptr<backend::Backend> database, const Options& options);

  base::Status Load(const Options& options, const runtime::Clock* clock);

  const std::unique_ptr<backend::Backend> database_;
  backend::WriteBuffer buffer_;
  std::unique_ptr<mvcc::Store> store_;
  std::unique_ptr<members::Membership> members_;
  std::unique_ptr<alarms::Alarms> alarms_;
  std::unique_ptr<auth::Users> users_;
  std::unique_ptr<leases::Leases> leases_;
  std::unique_ptr<admission::Rules> rules_;
  std::unique_ptr<v2::Store> v2_;
  raft::Membership configuration_;
  runtime::Published<const ClusterView> view_;
};

}  // namespace apply
