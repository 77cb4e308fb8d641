#include "server/committer.h"

#include <utility>

#include "base/coverage_mark.h"
#include "raft/codec.h"
#include "runtime/failpoint.h"
#include "state/members/snapshot_json.h"

// Why one batch at a time: the database takes one writer, and the order of batches is that of the
// log. While one is out the next gathers, so that a slow disk makes batches larger, not more.
//
// Batches are numbered, and who waits for durability waits for a number: the next one's, since a
// batch that is out may have been cut before he came.

namespace server {
namespace {

// A restart reads the log behind the newest snapshot: it must not be long, however few its entries.
constexpr uint64_t kSnapshotBytes = 64 << 20;
// Between two tries to write to a disk that had no room.
constexpr runtime::Duration kRoomPause = std::chrono::milliseconds(500);

}  // namespace

Committer::Committer(const Options& options, const Environment& environment,
                     apply::Applier* applier, Progress* progress, Failure* failure,
                     base::Index snapshot, Hooks hooks)
    : options_(options),
      environment_(environment),
      applier_(*applier),
      progress_(*progress),
      failure_(*failure),
      hooks_(std::move(hooks)),
      metrics_(environment.registry),
      timer_(environment.apply_loop->NewTimer([this] { CommitIfDue(); })),
      snapshot_(snapshot) {}

void Committer::Applied(size_t bytes) {
  snapshot_bytes_ += bytes;
  unsaved_bytes_ += bytes;
  progress_.unsaved_bytes = unsaved_bytes_ + out_bytes_;
}

void Committer::WhenDurable(base::Callback<void()> done) {
  // What is open now goes with the next batch; one that is out was cut before.
  waiters_.push_back({sent_ + 1, std::move(done)});
  Commit(true);
}

void Committer::Replaced() {
  snapshot_ = applier_.applied().index;
  snapshot_bytes_ = 0;
  unsaved_bytes_ = 0;
  RunSnapshotWaiters();
  Commit(!waiters_.empty());
}

// One batch is out at a time; what asks for durability meanwhile is served by the next.
void Committer::Commit(bool force) {
  if (out_.has_value() || failure_.failed()) return;
  apply::State& state = applier_.state();
  runtime::Reach(runtime::Failpoint::kCommitBeforePreCommitHook);
  std::optional<mvcc::Store::Commit> commit = state.store().TakeCommit(force);
  runtime::Reach(runtime::Failpoint::kCommitAfterPreCommitHook);
  if (commit.has_value()) return Send(*std::move(commit));
  if (force) {
    // There was nothing to commit.
    committed_ = ++sent_;
    RunWaiters();
  }
  if (state.buffer().can_cut()) timer_->Arm(options_.backend_batch_interval);
}

void Committer::Send(mvcc::Store::Commit commit) {
  ++sent_;
  out_bytes_ = std::exchange(unsaved_bytes_, 0);
  const std::shared_ptr<apply::State> state = applier_.shared_state();
  out_ = PointAtApplied();
  auto sent = std::make_shared<Sent>(Sent{state, std::move(commit)});
  environment_.backend_loop->Post([this, sent]() mutable { Write(std::move(sent)); });
}

void Committer::Write(std::shared_ptr<Sent> sent) {
  if (failure_.failed()) return;
  const runtime::Clock& clock = environment_.backend_loop->clock();
  const runtime::TimePoint start = clock.Now();
  const base::Status status = sent->state->database().Commit(*sent->commit.batch);
  if (status.code() == base::Code::kResourceExhausted) return WriteLater(std::move(sent), status);
  if (!status.ok()) {
    return failure_.Report(
        {status.code(), "the database cannot be written: " + std::string(status.message())});
  }
  if (std::exchange(waits_for_room_, false)) {
    environment_.logger->Info("the disk of the database has room again", {});
    base::Mark<"server: the disk of the database has room again">();
  }
  environment_.apply_loop->Post([this, sent = std::move(sent), took = clock.Now() - start] {
    metrics_.Observe(took);
    OnCommitted(sent->state, std::move(sent->commit));
  });
}

void Committer::WriteLater(std::shared_ptr<Sent> sent, const base::Status& why) {
  if (!std::exchange(waits_for_room_, true)) {
    base::Mark<"server: the disk of the database is full">();
    environment_.logger->Error("the disk of the database is full; commits wait until there is room",
                               {{"error", why.message()}});
  }
  room_timer_ = environment_.backend_loop->NewTimer(
      [this, sent = std::move(sent)]() mutable { Write(std::move(sent)); });
  room_timer_->Arm(kRoomPause);
}

void Committer::OnCommitted(const std::shared_ptr<apply::State>& state,
                            mvcc::Store::Commit commit) {
  state->store().Committed(std::move(commit));
  committed_ = sent_;
  out_bytes_ = 0;
  progress_.unsaved_bytes = unsaved_bytes_;
  SnapshotPoint point = *std::exchange(out_, std::nullopt);
  RunWaiters();
  // The state may have been replaced; then its log has been, too.
  if (state == applier_.shared_state()) SaveSnapshotIfDue(std::move(point));
  hooks_.on_committed();
}

void Committer::RunWaiters() {
  std::vector<Waiter> waiters = std::exchange(waiters_, {});
  size_t next = 0;
  for (; next < waiters.size() && waiters[next].batch <= committed_; ++next) waiters[next].done();
  // Those that came meanwhile wait for later batches.
  waiters_.insert(waiters_.begin(), std::make_move_iterator(waiters.begin() + next),
                  std::make_move_iterator(waiters.end()));
}

// With nothing to commit the database has all that is applied.
void Committer::SaveSnapshot(base::Callback<void()> done) {
  snapshot_waiters_.push_back({applier_.applied().index, std::move(done)});
  ServeSnapshotWaiters();
}

void Committer::ServeSnapshotWaiters() {
  WhenDurable([this] {
    RunSnapshotWaiters();
    const bool has_all = !out_.has_value() && !applier_.state().buffer().can_cut();
    if (!snapshot_waiters_.empty() && has_all) SaveSnapshotIfDue(PointAtApplied());
  });
}

void Committer::RunSnapshotWaiters() {
  std::vector<SnapshotWaiter> waiting = std::exchange(snapshot_waiters_, {});
  for (SnapshotWaiter& waiter : waiting) {
    if (waiter.index <= snapshot_) {
      waiter.done();
    } else {
      snapshot_waiters_.push_back(std::move(waiter));
    }
  }
}

Committer::SnapshotPoint Committer::PointAtApplied() {
  apply::State& state = applier_.state();
  return {applier_.applied(), state.configuration().ToConfState(),
          SnapshotIsNear() ? members::SnapshotJson(state.members(), applier_.applied().index) : ""};
}

bool Committer::SnapshotIsNear() const {
  return !saving_snapshot_ && (!snapshot_waiters_.empty() ||
                               applier_.applied().index - snapshot_ >= options_.snapshot_count ||
                               snapshot_bytes_ >= kSnapshotBytes);
}

void Committer::SaveSnapshotIfDue(SnapshotPoint point) {
  if (saving_snapshot_ || point.membership.empty()) return;
  saving_snapshot_ = true;
  environment_.logger->Info("triggering snapshot",
                            {{"local-member-applied-index", point.at.index.value()},
                             {"local-member-snapshot-index", snapshot_.value()},
                             {"local-member-snapshot-count", options_.snapshot_count}});
  const uint64_t bytes = std::exchange(snapshot_bytes_, 0);
  snap::Snapshot snapshot{point.at.index, point.at.term, {}, std::move(point.membership)};
  raft::Encode(point.conf_state, &snapshot.conf_state);
  hooks_.save_snapshot(std::move(snapshot), [this, bytes, index = point.at.index](bool saved) {
    saving_snapshot_ = false;
    if (saved) {
      snapshot_ = std::max(snapshot_, index);
      RunSnapshotWaiters();
      if (!snapshot_waiters_.empty()) ServeSnapshotWaiters();
    } else {
      snapshot_bytes_ += bytes;
    }
  });
}

}  // namespace server
