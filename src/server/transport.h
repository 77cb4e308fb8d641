#pragma once

#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "base/callback.h"
#include "base/ids.h"
#include "base/result.h"
#include "raft/types.h"
#include "runtime/time.h"
#include "server/append_times.h"
#include "state/members/extensions.h"
#include "state/members/member.h"
#include "state/members/versions.h"
#include "storage/backend/backend.h"
#include "storage/mvcc/hasher.h"

namespace server {

// A snapshot for a member that is too far behind for entries: raft's message, and the database as
// of the snapshot's entry.
struct SnapshotToSend {
  raft::Message message;
  std::unique_ptr<backend::Reader> database;
};

// Who belongs to the cluster, and who was removed from it for good, as of the last entry that this
// member has applied. Both ascend by id; nobody is in both.
struct ClusterMembers {
  std::vector<members::Member> members;  // this member among them, unless it was removed
  std::vector<base::MemberId> removed;
  members::Extensions extensions = {};  // which each member must understand
};

// What a member says of its keys: their hash at a revision, and the revision that it has reached.
struct MemberHash {
  mvcc::KeyValueHash hash;
  base::Revision current;
};

// What a leader says of a lease.
struct LeaseTimes {
  int64_t ttl = 0;          // seconds that are left; negative if it ran out and is not revoked yet
  int64_t granted_ttl = 0;  // seconds
  std::vector<base::Bytes> keys = {};  // that are with it, if they were asked for
};

// Carries what members say to each other. Send and SendSnapshot are called on the raft loop alone,
// the rest as it says. Nothing here calls back before it has returned.
class Transport {
 public:
  virtual ~Transport() = default;
  // Takes messages, each to the member that it names; what cannot be held for a slow or absent peer
  // is dropped, and Server::ReportUnreachable told. Messages may get lost, arrive twice or out of
  // order; but one of kProp never arrives twice, since what it asks for would be done twice.
  virtual void Send(std::vector<raft::Message> messages) = 0;
  // The same for a snapshot; what became of it is told to Server::ReportSnapshot in any case.
  virtual void SendSnapshot(SnapshotToSend snapshot) = 0;

  // The apply loop: the cluster is this from now on, whatever it was before. Told once before the
  // first message is sent, and whenever an applied entry or an installed snapshot may have changed
  // it. Of an entry's change it is told before raft is, and so before the first message to a member
  // that was added; raft knows a snapshot's first, so that messages to members which are unknown
  // here may come meanwhile, to be dropped.
  virtual void SetMembers(ClusterMembers members) = 0;

  // Any thread: since when the peer is connected without a break; nothing if it is not, or is none.
  virtual std::optional<runtime::TimePoint> ActiveSince(base::MemberId peer) const = 0;

  // Any thread: how long appends to the peer take; null if it is none.
  virtual std::shared_ptr<const AppendTimes> AppendTimesOf(base::MemberId peer) const = 0;

  // Any thread: asks the other members which versions they have. Answers once, on any thread and
  // within some seconds, with what those say that answer.
  using OnVersions = base::Callback<void(std::map<base::MemberId, members::MemberVersions> told)>;
  virtual void AskVersions(OnVersions on_versions) = 0;

  // Any thread: asks the other members for the hash of their keys at `at`: GET /members/hashkv.
  // Answers once, on any thread and after `timeout` at the latest, for each that was asked: with
  // kCompacted or kFutureRevision, or any other error of one that does not answer. Nothing that
  // they say can be relied on.
  using OnHashes = base::Callback<void(std::map<base::MemberId, base::Result<MemberHash>> told)>;
  virtual void AskHashes(base::Revision at, runtime::Duration timeout, OnHashes on_hashes) = 0;

  // Any thread: asks `leader` to promote `learner`, as a client of it would: POST
  // /members/promote/ID. Answers once, on any thread, with the members after that, or why not:
  // etcd's errors as they are in base/errors.h, kTimeout at `deadline`.
  using OnPromoted = base::Callback<void(base::Result<std::vector<members::Member>> members)>;
  virtual void ForwardPromote(base::MemberId leader, base::MemberId learner,
                              runtime::TimePoint deadline, OnPromoted on_promoted) = 0;

  // Any thread: asks `leader` to renew a lease: POST /leases. Answers once, on any thread and at
  // `deadline` at the latest, with the seconds that the lease was granted for; kLeaseNotFound; or
  // any other error, after which somebody else may lead.
  using OnLeaseRenewed = base::Callback<void(base::Result<int64_t> ttl)>;
  virtual void RenewLease(base::MemberId leader, base::LeaseId lease, runtime::TimePoint deadline,
                          OnLeaseRenewed on_renewed) = 0;
  // The same for how long a lease has left: POST /leases/internal.
  using OnLeaseTimes = base::Callback<void(base::Result<LeaseTimes> times)>;
  virtual void AskLease(base::MemberId leader, base::LeaseId lease, bool keys,
                        runtime::TimePoint deadline, OnLeaseTimes on_times) = 0;
};

}  // namespace server
