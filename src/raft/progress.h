#pragma once

#include <cstdint>
#include <map>
#include <optional>

#include "raft/inflights.h"
#include "raft/membership.h"
#include "raft/quorum.h"
#include "raft/types.h"

namespace raft {

enum class ProgressState : uint8_t {
  // Where the follower's log ends is not known: one append per heartbeat finds out.
  kProbe,
  // Appends are sent ahead of their acknowledgements.
  kReplicate,
  // The follower needs a snapshot; no appends until it has one.
  kSnapshot,
};

// What the leader knows of one follower's log, and hence what it may send next.
// Invariant: match < next. Entries in (match, next) are on their way (kReplicate), or assumed to be
// in the snapshot that is (kSnapshot, where next == pending_snapshot + 1).
class Progress {
 public:
  Progress(Index next, Inflights inflights) : next_(next), inflights_(std::move(inflights)) {}

  // The log is known to agree with the leader's up to here.
  Index match() const { return match_; }
  // The next entry to send.
  Index next() const { return next_; }
  ProgressState state() const { return state_; }
  Index pending_snapshot() const { return pending_snapshot_; }
  const Inflights& inflights() const { return inflights_; }
  // Heard from since the last check of the quorum; always true for the leader itself.
  bool recent_active() const { return recent_active_; }
  void set_recent_active(bool active) { recent_active_ = active; }
  // For how long from a heartbeat on it votes for nobody else, as it has said in its last answer to
  // one (Config::vote_lease_ms); nothing if it has answered none.
  std::optional<uint32_t> vote_lease_ms() const { return vote_lease_ms_; }
  void set_vote_lease_ms(uint32_t lease) { vote_lease_ms_ = lease; }
  bool learner() const { return learner_; }
  void set_learner(bool learner) { learner_ = learner; }

  // No entries may be sent now.
  bool IsPaused() const { return state_ == ProgressState::kSnapshot || append_paused_; }
  // Lets one message through although nothing was acknowledged: a heartbeat came back.
  void ResumeAppends() { append_paused_ = false; }
  void PauseAppends() { append_paused_ = true; }

  void BecomeProbe();
  void BecomeReplicate();
  void BecomeSnapshot(Index snapshot);
  // The snapshot did not arrive: probe from what is known.
  void AbortSnapshot();

  // An append with `entries` entries of `bytes` payload was sent from next() on.
  void SentEntries(uint64_t entries, uint64_t bytes);
  void SentCommit(Index commit) { sent_commit_ = commit; }
  // Whether telling the follower about `commit` could commit more there than it was told already.
  bool CanBumpCommit(Index commit) const {
    return commit > sent_commit_ && sent_commit_ < next_ - 1;
  }

  // The follower holds everything up to `acked`. False if that was known.
  bool MaybeUpdate(Index acked);
  void FreeInflightsThrough(Index index) { inflights_.FreeThrough(index); }
  // The follower refused the append after `rejected`; its log may agree up to `hint`. False if the
  // refusal is out of date.
  bool MaybeDecrease(Index rejected, Index hint);

 private:
  void ResetState(ProgressState state);

  Index match_;
  Index next_;
  // The highest commit index on its way. It falls back with next_, when a message is known lost.
  Index sent_commit_;
  // In kSnapshot, the index of the snapshot that was sent; else 0. The acknowledgement that ends
  // the state may name another index: applications send snapshots of their own.
  Index pending_snapshot_;
  ProgressState state_ = ProgressState::kProbe;
  bool recent_active_ = false;
  std::optional<uint32_t> vote_lease_ms_;
  // A probe was sent, or the window is full: wait for an answer or the next heartbeat's.
  bool append_paused_ = false;
  bool learner_ = false;
  Inflights inflights_;
};

// Ascending by member: messages go out in this order.
using ProgressMap = std::map<MemberId, Progress>;

// How far each member's log is known to match. `progress` outlives this.
class Matches final : public AckedIndexer {
 public:
  explicit Matches(const ProgressMap& progress) : progress_(progress) {}

  std::optional<Index> AckedIndex(MemberId member) const override {
    const auto it = progress_.find(member);
    return it == progress_.end() ? std::nullopt : std::optional(it->second.match());
  }

 private:
  const ProgressMap& progress_;
};

struct InflightLimits {
  uint32_t messages_max;
  uint64_t bytes_max;
};

// Gives each member of `membership` a progress, drops those of others. A member that is added is
// probed from `last_index` on and counts as active, so that the next check of the quorum waits
// for it.
void ReconcileProgress(const Membership& membership, Index last_index, InflightLimits limits,
                       ProgressMap* progress);

}  // namespace raft
