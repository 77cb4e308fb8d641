#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "base/bytes.h"
#include "base/callback.h"
#include "base/shared_bytes.h"
#include "base/status.h"
#include "raft/types.h"
#include "runtime/loop.h"
#include "runtime/published.h"
#include "server/caller.h"
#include "server/completion.h"
#include "server/metrics.h"
#include "server/options.h"
#include "server/progress.h"
#include "server/proposal.h"
#include "server/read_turns.h"
#include "server/request_ids.h"
#include "state/admission/rule_set.h"
#include "state/apply/reply.h"
#include "state/apply/state.h"
#include "state/apply/state_reads.h"

namespace server {

class ApplyLoop;
class Replica;

// The way from one loop into the log and back, and to the state: what the loop asks for within one
// turn goes to the raft loop as one batch, and what was applied comes back as one batch. Belongs to
// its loop, on which it calls each callback exactly once, never before the method that took the
// callback has returned.
//
// What waits for an answer is bounded here, and with it what is on its way to the log: each origin
// has an equal share of Options::pending_bytes_max.
class Frontend {
 public:
  struct Parts {
    runtime::Loop* loop;
    const RequestIds* ids;
    size_t origin;  // which of `ids` this is
    Replica* replica;
    ApplyLoop* apply_loop;
    const Progress* progress;
    observe::Registry* registry;
  };
  Frontend(const Options& options, const Parts& parts);
  // Ends what waits with kStopped.
  ~Frontend();

  // Has the cluster carry out a request: `field` of InternalRaftRequest, encoded, which was parsed
  // with apply::ParseRequest. Refused with kRequestTooLarge, or with kTooManyRequests when apply is
  // far behind or too much waits; ends with kTimeout after Options::request_timeout, or with
  // kTimeoutDueToLeaderFailure if the leader was another when it began; it may still be carried out
  // then. Nothing is put into the log after the caller has stopped waiting.
  using OnReply = base::Callback<void(apply::Reply reply)>;
  void Propose(uint32_t field, base::ByteView request, OnReply on_reply, const Caller& caller = {});
  // Likewise a change of the configuration, whose number is given here. Answered once it is
  // applied, also if the members do not allow it.
  void ProposeConfChange(raft::ConfChange change, OnReply on_reply, const Caller& caller = {});

  // A number that no request of this cluster has, to name something by.
  uint64_t NewId() { return parts_.ids->Of(parts_.origin, count_++); }

  // OK once the state holds everything that had been answered, by any member, before this call.
  // What is called then reads for a slice of the loop's time at most. Thousands may have waited for
  // one index: they are let in in slices, by turns of their clients, and those of one client in
  // their order. `client` is a number, such as that of a connection.
  using OnRead = ReadTurns::Read;
  void ReadIndex(OnRead on_read, uint64_t client = 0);

  // What etcd answers to a proposal of that time whose time is over.
  base::Status TimeoutOf(runtime::TimePoint start) const;

  // Has `on_changed` called on this loop when keys were changed or compacted, or somebody's rights
  // were changed, with the revision that the store has reached: for each slice of entries in which
  // that happened, or once for several if this loop has come to none of them yet. Revisions never
  // descend. The first call comes soon, with the present one; all later changes follow it. A
  // snapshot that replaces the state is a change like others. Null: not any more. One listener a
  // loop.
  //
  // Why a revision and not the changes: they are in the store's memory already, once for all loops,
  // and neither move nor change (mvcc::RecentRevisions). A listener reads them from there on its
  // own loop, in steps of the size that suits it (mvcc::ChangeReader), and from the database if it
  // comes late. So the apply loop hands over a number, however much was changed, beside the answers
  // that it hands over anyway, and nothing is held for a loop that is slow.
  using OnChanged = base::Callback<void(base::Revision revision)>;
  void Listen(OnChanged on_changed);

  // Any thread: answers to what this loop proposed, and up to where keys were changed. Without
  // answers, a loop that has not come to the last such call is not woken again.
  void Complete(std::vector<Completion> completions, std::optional<base::Revision> changed = {});

  // Any thread: what waits ends with kStopped, and what comes from now on.
  void EndWaiting();

  // Any thread: a leader was elected. What was asked of the one before may be lost.
  void OnElected();

  // The state as it is now. A request takes it once and keeps it until it is done: a snapshot may
  // replace it meanwhile.
  const std::shared_ptr<apply::State>& state() { return state_.Get(); }
  // This loop's reads of the current state; those of one turn of the loop share what they can
  // (mvcc::Reads::BeginTurn). Whoever takes a pin from them keeps the pointer as long as the pin.
  const std::shared_ptr<apply::StateReads>& reads();
  // Decides who may do what, as users and roles of the current state are now.
  auth::Judge& judge() { return CurrentReads().judge(); }
  // The admission rules of the current state, as they are now.
  const std::shared_ptr<const admission::RuleSet>& rules() { return CurrentReads().rules(); }
  // The tree of the v2 API of the current state, as it is now; null if the cluster has none yet.
  const std::shared_ptr<const v2::View>& tree() { return CurrentReads().tree(); }

  runtime::Loop& loop() { return *loop_; }
  const Progress& progress() const { return *progress_; }

 private:
  struct Waiter {
    OnReply on_reply;
    uint32_t field;  // of the request
    size_t bytes;
    runtime::TimePoint start;
  };
  struct WaitingRead {
    OnRead on_read;
    uint64_t client;
    runtime::TimePoint start;
  };
  struct Expiry {
    runtime::TimePoint at;
    uint64_t id;
  };

  apply::StateReads& CurrentReads();
  // Why a proposal of so many bytes must be refused now.
  base::Status CheckRoom(size_t bytes) const;
  void Add(Proposal proposal, uint32_t field, OnReply on_reply, const Caller& caller);
  void SendAtEndOfTurn();
  void SendProposals();
  void OnCompletions(std::vector<Completion>& completions);
  void TellListener();
  void Refuse(OnReply on_reply, const base::Status& status);
  void End(Waiter& waiter, apply::Reply reply, runtime::TimePoint now, bool was_applied);
  void ExpireWaiters();
  void EndAll();

  void StartRound();
  void AskForIndex();
  void OnIndex(uint64_t round, base::Index index);
  void EndRound(uint64_t round, const base::Status& status);
  void OnRoundTimer();
  void Confirm(std::vector<WaitingRead> reads);
  void LetReadsIn();

  runtime::Loop* const loop_;
  const Parts parts_;
  const Progress* const progress_;
  const size_t max_request_bytes_;
  const size_t pending_bytes_max_;
  const runtime::Duration timeout_;
  const runtime::Duration election_timeout_;
  runtime::Published<apply::State>::Reader state_;
  std::shared_ptr<apply::StateReads> reads_;
  bool reading_ = false;  // in this turn

  uint64_t count_ = 0;  // requests so far
  std::vector<Proposal> proposals_;
  bool sending_ = false;
  std::shared_ptr<OnChanged> on_changed_;  // null: nobody listens
  std::atomic<int64_t> changed_ = 0;       // the revision to tell of
  std::atomic<bool> has_changed_ = false;  // it was not told yet, and a task for that is posted
  bool ended_ = false;                     // EndWaiting
  std::unordered_map<uint64_t, Waiter> waiters_;  // by request
  size_t pending_bytes_ = 0;                      // of waiters_
  FrontendMetrics metrics_;
  std::deque<Expiry> expiries_;  // ascending
  std::unique_ptr<runtime::Timer> expiry_timer_;
  std::optional<runtime::TimePoint> elected_;  // when the present leader was
  base::Bytes scratch_;

  // Reads that came while a round was under way wait for the next: what was answered meanwhile
  // may be newer than its index.
  std::vector<WaitingRead> next_reads_;
  std::vector<WaitingRead> round_reads_;
  ReadTurns confirmed_reads_;  // those that have their index
  uint64_t round_ = 0;
  bool round_open_ = false;
  runtime::TimePoint round_ends_;
  std::unique_ptr<runtime::Timer> round_timer_;
};

}  // namespace server
