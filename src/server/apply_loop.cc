#include "server/apply_loop.h"

#include <iterator>
#include <utility>

#include "base/check.h"
#include "proto/raft_internal.pb.h"

namespace server {
namespace {

constexpr size_t kBatchesMax = 1'000'000;
// Between two answers to those who wait: entries, and about how long they may take.
constexpr size_t kSliceEntries = 256;
constexpr runtime::Duration kSliceMax = std::chrono::milliseconds(1);

apply::Applier::Options ApplierOptions(const Options& options, const RequestIds* ids) {
  return {options.max_learners, [ids](uint64_t id) { return ids->OriginOf(id).has_value(); }};
}

}  // namespace

ApplyLoop::ApplyLoop(const Options& options, const Environment& environment, const RequestIds* ids,
                     Progress* progress, Failure* failure, Hooks hooks,
                     std::shared_ptr<apply::State> state, raft::EntryId applied,
                     base::Index snapshot)
    : environment_(environment),
      ids_(ids),
      progress_(progress),
      failure_(*failure),
      hooks_(std::move(hooks)),
      applier_(ApplierOptions(options, ids), std::move(state), applied),
      committer_(options, environment, &applier_, failure, snapshot,
                 {.on_committed = [this] { Run(); },
                  .save_snapshot =
                      [this](snap::Snapshot saving, base::Callback<void()> saved) {
                        hooks_.save_snapshot(std::move(saving), std::move(saved));
                      }}),
      compactor_(options, environment, &applier_, &committer_, failure),
      operations_(environment.registry),
      report_(environment.logger, environment.registry, options.warning_apply_duration),
      mailbox_(environment.apply_loop, kBatchesMax,
               [this](auto& batches) { OnCommitted(batches); }),
      completions_(ids->origins()) {
  progress_->applied = applied.index.value();
}

void ApplyLoop::Apply(std::vector<raft::Entry> entries) {
  // Bounded by what raft hands out.
  CHECK(mailbox_.Push(std::move(entries)));
}

void ApplyLoop::OnCommitted(std::vector<std::vector<raft::Entry>>& batches) {
  for (std::vector<raft::Entry>& batch : batches) {
    std::move(batch.begin(), batch.end(), std::back_inserter(queue_));
  }
  Run();
}

// One slice a turn, so that whatever else the loop is asked for has its turn too.
void ApplyLoop::Run() {
  if (failure_.failed() || continuing_) return;
  const bool may_apply = !queue_.empty() && !applier_.state().buffer().full();
  if (may_apply && !ApplySlice()) return;
  committer_.CommitIfDue();
  if (queue_.empty() || applier_.state().buffer().full()) return;
  continuing_ = true;
  environment_.apply_loop->Post([this] {
    continuing_ = false;
    Run();
  });
}

// False if the member has failed.
bool ApplyLoop::ApplySlice() {
  const runtime::TimePoint start = environment_.apply_loop->clock().Now();
  now_ = start;
  for (size_t count = 0; count < kSliceEntries && !queue_.empty(); ++count) {
    if (!ApplyEntry(queue_.front())) return false;
    queue_.pop_front();
    if (now_ - start >= kSliceMax) break;
  }
  EndSlice();
  return true;
}

bool ApplyLoop::ApplyEntry(const raft::Entry& entry) {
  base::Result<apply::Applier::Outcome> outcome = applier_.Apply(entry, now_);
  if (!failure_.Check(outcome.status())) return false;
  committer_.Applied(entry.data.size());
  if (outcome->request != nullptr) {
    const runtime::TimePoint start = std::exchange(now_, environment_.apply_loop->clock().Now());
    report_.Applied(*outcome->request, outcome->reply, now_ - start);
    compacted_ = compacted_ || outcome->request->has_compaction();
  }
  if (outcome->change.has_value()) changes_.push_back(*std::move(outcome->change));
  if (const std::optional<size_t> origin = ids_->OriginOf(outcome->id); origin.has_value()) {
    completions_[*origin].push_back({outcome->id, std::move(outcome->reply)});
  }
  return true;
}

void ApplyLoop::EndSlice() {
  const base::Index applied = applier_.applied().index;
  operations_.Add(applier_.TakeCounts());
  progress_->applied = applied.value();
  hooks_.on_applied(applied, std::exchange(changes_, {}));
  for (size_t origin = 0; origin < completions_.size(); ++origin) {
    if (completions_[origin].empty()) continue;
    hooks_.on_completed(origin, std::exchange(completions_[origin], {}));
  }
  RunApplied();
  if (std::exchange(compacted_, false)) compactor_.Work();
}

void ApplyLoop::RunApplied() {
  while (!waiters_.empty() && waiters_.begin()->first <= applier_.applied().index) {
    waiters_.extract(waiters_.begin()).mapped()();
  }
}

void ApplyLoop::WhenApplied(base::Index index, base::Callback<void()> done) {
  environment_.apply_loop->Post([this, index, done = std::move(done)]() mutable {
    waiters_.emplace(index, std::move(done));
    RunApplied();
  });
}

void ApplyLoop::WhenDurable(base::Callback<void()> done) {
  environment_.apply_loop->Post(
      [this, done = std::move(done)]() mutable { committer_.WhenDurable(std::move(done)); });
}

void ApplyLoop::WhenCompacted(base::Revision revision, base::Callback<void()> done) {
  environment_.apply_loop->Post([this, revision, done = std::move(done)]() mutable {
    compactor_.WhenCompacted(revision, std::move(done));
  });
}

}  // namespace server
