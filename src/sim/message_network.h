#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "raft/types.h"
#include "runtime/simulated/scheduler.h"
#include "server/transport.h"
#include "sim/tally.h"
#include "sim/trace.h"
#include "storage/backend/memory_backend.h"

namespace sim {

// A message under way: encoded, and with a snapshot its database.
struct Parcel {
  base::Bytes message;
  std::shared_ptr<backend::MemoryDatabase> database;
};

// Who takes a member's messages while its process lives.
class Receiver {
 public:
  virtual ~Receiver() = default;
  virtual void Receive(Parcel parcel) = 0;
  // What became of a message to `peer`, as a transport reports it: only for snapshots, and for
  // messages to a member that was found unreachable.
  virtual void OnSnapshotStatus(base::MemberId peer, bool delivered) = 0;
  virtual void OnUnreachable(base::MemberId peer) = 0;
  // Another member passes on what one of its clients asks for.
  virtual void OnPromote(base::MemberId learner, runtime::TimePoint deadline,
                         server::Transport::OnPromoted on_promoted) = 0;
  // Another member, for whose client this one leads, has a lease renewed or asks for its times.
  virtual void OnRenewLease(base::LeaseId lease, server::Transport::OnLeaseRenewed on_renewed) = 0;
  virtual void OnLeaseAsked(base::LeaseId lease, bool keys,
                            server::Transport::OnLeaseTimes on_times) = 0;
  // Another member asks for the hash of the keys.
  using OnHash = base::Callback<void(base::Result<server::MemberHash> hash)>;
  virtual void OnHashAsked(base::Revision at, OnHash on_hash) = 0;
  // What it understands in the log beyond etcd.
  virtual const members::Extensions& extensions() const = 0;
};

// Carries raft messages as bytes, and loses, repeats, delays and so re-orders them.
class MessageNetwork {
 public:
  // Chances are in a thousand.
  struct Faults {
    uint64_t loss = 0;
    uint64_t duplication = 0;
    runtime::Duration latency_min{0};
    runtime::Duration latency_max{0};
  };
  MessageNetwork(runtime::simulated::Scheduler* scheduler, Trace* trace);

  void set_faults(const Faults& faults) { faults_ = faults; }
  // Null when the process is dead. Messages under way go to whoever lives when they arrive.
  void SetReceiver(base::MemberId id, Receiver* receiver);
  // `database` is a snapshot's, otherwise null.
  void Send(const raft::Message& message, std::shared_ptr<backend::MemoryDatabase> database);

  // Asks `to` to promote a learner. Question and answer may be late or lost, which `on_promoted`
  // hears at the deadline, if `from` still lives the same life.
  void Promote(base::MemberId from, base::MemberId to, base::MemberId learner,
               runtime::TimePoint deadline, server::Transport::OnPromoted on_promoted);

  // The same for a lease.
  void RenewLease(base::MemberId from, base::MemberId to, base::LeaseId lease,
                  runtime::TimePoint deadline, server::Transport::OnLeaseRenewed on_renewed);
  void AskLease(base::MemberId from, base::MemberId to, base::LeaseId lease, bool keys,
                runtime::TimePoint deadline, server::Transport::OnLeaseTimes on_times);

  // Asks all others for their versions. Questions and answers may be late or lost; who asks hears
  // once, if it still lives the same life.
  void AskVersions(base::MemberId from, server::Transport::OnVersions on_versions);

  // Asks `others` for their hashes at `at`. Questions and answers may be late or lost; who asks
  // hears once, `timeout` later at most, if it still lives the same life.
  void AskHashes(base::MemberId from, const std::vector<base::MemberId>& others, base::Revision at,
                 runtime::Duration timeout, server::Transport::OnHashes on_hashes);

  // Nothing passes from `from` to `to` until Heal.
  void Cut(base::MemberId from, base::MemberId to) { cut_.insert({from, to}); }
  void Heal();

  Tally tally() const;

  // Since when both of two members live and nothing between them is cut; nothing if not.
  std::optional<runtime::TimePoint> ActiveSince(base::MemberId self, base::MemberId peer) const;

 private:
  // A question of a member in one of its lives, and whether it was answered.
  template <typename Reply>
  struct Question {
    base::MemberId from;
    runtime::TimePoint living_since;
    base::Callback<void(base::Result<Reply> reply)> on_reply;
    bool answered = false;
  };
  struct HashQuestion {
    base::MemberId from;
    runtime::TimePoint living_since;
    std::map<base::MemberId, base::Result<server::MemberHash>> told;
    server::Transport::OnHashes on_hashes;
    size_t missing = 0;
    bool answered = false;
  };
  struct Way {
    base::MemberId from;
    base::MemberId to;
  };

  void Carry(const Way& way, Parcel parcel);
  void AskHash(const std::shared_ptr<HashQuestion>& question, base::MemberId to, base::Revision at);
  void Answer(HashQuestion& question);
  // Asks `to` with `ask`, which takes the receiver and who is to be told.
  template <typename Reply, typename Ask>
  void Put(base::MemberId from, base::MemberId to, runtime::TimePoint deadline,
           base::Callback<void(base::Result<Reply> reply)> on_reply, Ask ask);
  template <typename Reply>
  void Answer(Question<Reply>& question, base::Result<Reply> reply);
  bool Loses(const Way& way) { return IsCut(way.from, way.to) || DrawLoss(); }
  bool DrawLoss() { return scheduler_->random().Chance(faults_.loss, 1000); }
  void Deliver(const Way& way, Parcel parcel);
  Receiver* Living(base::MemberId id) const;
  bool IsCut(base::MemberId from, base::MemberId to) const { return cut_.contains({from, to}); }
  runtime::Duration DrawLatency();

  runtime::simulated::Scheduler* const scheduler_;
  Trace* const trace_;
  const std::unique_ptr<runtime::Loop> loop_;
  Faults faults_;
  uint64_t lost_ = 0;
  uint64_t repeated_ = 0;
  uint64_t snapshots_ = 0;  // that arrived
  std::map<base::MemberId, Receiver*> receivers_;
  std::map<base::MemberId, runtime::TimePoint> living_since_;  // of those who live
  std::set<std::pair<base::MemberId, base::MemberId>> cut_;
  // When those links were healed that had been cut.
  std::map<std::pair<base::MemberId, base::MemberId>, runtime::TimePoint> healed_;
};

}  // namespace sim
