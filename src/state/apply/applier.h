#pragma once

#include <google/protobuf/arena.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "base/result.h"
#include "raft/types.h"
#include "runtime/published.h"
#include "runtime/time.h"
#include "state/apply/reply.h"
#include "state/apply/state.h"
#include "state/auth/judge.h"
#include "state/auth/observer.h"
#include "state/kv/operation_counts.h"
#include "state/leases/observer.h"
#include "state/members/extensions.h"

namespace etcdserverpb {
class AlarmRequest;
class CompactionRequest;
class ExtensionsSetRequest;
class InternalRaftRequest;
class LeaseCheckpointRequest;
class LeaseGrantRequest;
class LeaseRevokeRequest;
}  // namespace etcdserverpb

namespace kv {
struct WriteContext;
}
namespace v2pb {
class Request;
}
namespace members {
struct ChangeContext;
}

namespace apply {

// Owns the state, and is the one place that says what an entry of the log does to it.
// Deterministic: the same entries do the same on every member, whatever else happens there. Belongs
// to the apply loop, but for state().
class Applier {
 public:
  struct Options {
    size_t max_learners = 1;
    // That may be used, beyond what etcd knows.
    members::Extensions extensions = {};
    // Checkpoints of leases are kept whatever the cluster's version is; else from 3.6 on.
    bool keep_lease_checkpoints = false;
    // Each null, or outlives this.
    leases::Observer* lease_observer = nullptr;
    auth::Observer* auth_observer = nullptr;
    // Whether anybody here waits for what becomes of a request. What it is answered is made up only
    // then; what it does is the same.
    std::function<bool(uint64_t id)> is_awaited = [](uint64_t) { return false; };
  };
  // `state` is as entry `applied` left it.
  Applier(Options options, std::shared_ptr<State> state, raft::EntryId applied);

  // Goes on from another state, as entry `applied` left it. Between two entries.
  void Replace(std::shared_ptr<State> state, raft::EntryId applied);

  // What became of an entry.
  struct Outcome {
    uint64_t id = 0;  // of its request; 0 if the entry asks for nothing
    // As it was read from the log; null if the entry has no request. Valid until the next entry.
    const etcdserverpb::InternalRaftRequest* request = nullptr;
    // Its refusals follow from the entry and the state alone.
    Reply reply = {};
    // Raft must be told, in order, even if it is without effect.
    std::optional<raft::ConfChangeV2> change = {};
  };
  // Carries out the entry after the one before; `now` is for batching alone. Fails only for a
  // reason of this member's own, naming the entry: a record that cannot be read, a request that
  // this version does not know. The state is then half changed and the member must stop.
  base::Result<Outcome> Apply(const raft::Entry& entry, runtime::TimePoint now);

  // The last entry that was applied.
  raft::EntryId applied() const { return applied_; }
  // The state as of that entry, and the way to it from any thread.
  State& state() { return *state_; }
  const std::shared_ptr<State>& shared_state() const { return state_; }
  const runtime::Published<State>& published_state() const { return published_; }
  // What was done since the last call.
  kv::OperationCounts TakeCounts() { return std::exchange(counts_, {}); }

 private:
  base::Result<Outcome> ApplyRequest(const raft::Entry& entry);
  base::Result<Reply> ApplyRequest(const etcdserverpb::InternalRaftRequest& request,
                                   base::Index index, bool is_awaited);
  // Not OK if who asks may not; or nobody may now.
  base::Status CheckAllowed(const etcdserverpb::InternalRaftRequest& request);
  // Not OK if an alarm that is on forbids the request.
  base::Status CheckAlarms(const etcdserverpb::InternalRaftRequest& request) const;
  Reply Compact(const etcdserverpb::CompactionRequest& request);
  base::Result<Reply> SetExtensions(const etcdserverpb::ExtensionsSetRequest& request);
  Reply ChangeRules(const etcdserverpb::InternalRaftRequest& request);
  Reply ApplyV2(const v2pb::Request& request, bool is_awaited);
  Reply ApplyAlarm(const etcdserverpb::AlarmRequest& request);
  Reply GrantLease(const etcdserverpb::LeaseGrantRequest& request);
  base::Result<Reply> RevokeLease(const etcdserverpb::LeaseRevokeRequest& request,
                                  const kv::WriteContext& context);
  Reply CheckpointLeases(const etcdserverpb::LeaseCheckpointRequest& request);
  // Nothing if the request is not one of users and roles.
  std::optional<Reply> ApplyAuth(const etcdserverpb::InternalRaftRequest& request,
                                 base::Index index);
  std::optional<base::Status> ChangeUsers(const etcdserverpb::InternalRaftRequest& request);
  std::optional<base::Status> ChangeRoles(const etcdserverpb::InternalRaftRequest& request);

  base::Result<Outcome> ApplyConfChange(const raft::Entry& entry);
  base::Status ChangeMembership(raft::ConfChangeV2* change, Reply* reply);
  void ChangeMember(const raft::ConfChangeSingle& change, const members::ChangeContext& context);

  const Options options_;
  std::shared_ptr<State> state_;
  std::optional<auth::Judge> judge_;  // of it
  runtime::Published<State> published_;
  raft::EntryId applied_;
  kv::OperationCounts counts_;

  // Of the request that is applied; a usual one fits into the block.
  alignas(8) std::array<char, 4096> request_block_;
  google::protobuf::Arena request_memory_{request_block_.data(), request_block_.size()};
};

}  // namespace apply
