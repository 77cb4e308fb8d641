#include "server/compactor.h"

#include <utility>

#include "base/check.h"

// Why not within the entry: what is removed belongs to no entry, so a batch that was cut in the
// midst of one would hold half of its changes under the index before it; and an entry that removes
// a million records would keep all others waiting. The entry only says from where on; the removal
// is paced, and forgets nothing over a restart, since the store finds out how far it had come.

namespace server {

Compactor::Compactor(const Options& options, const Environment& environment,
                     apply::Applier* applier, Committer* committer, Progress* progress,
                     Failure* failure)
    : options_(options),
      clock_(environment.apply_loop->clock()),
      applier_(*applier),
      committer_(*committer),
      progress_(*progress),
      failure_(*failure),
      report_(environment.apply_loop->clock(), environment.logger, environment.registry),
      timer_(environment.apply_loop->NewTimer([this] {
        pausing_ = false;
        Work();
      })) {}

void Compactor::Work() {
  if (pausing_ || failure_.failed()) return;
  if (applier_.state().store().is_compacting()) progress_.is_compacting = true;
  const std::optional<bool> more = RemovePart();
  if (!more.has_value()) return;
  committer_.CommitIfDue();
  if (*more) {
    // Nothing was removed as long as it waits for the database or for readers.
    pausing_ = applier_.state().store().is_compacting();
    return timer_->Arm(options_.compaction_sleep_interval);
  }
  if (waiters_.empty() && !progress_.is_compacting) return;
  committer_.WhenDurable([this, finished = applier_.state().store().finished_compact_revision()] {
    if (!applier_.state().store().is_compacting()) progress_.is_compacting = false;
    RunFinished(finished);
  });
}

std::optional<bool> Compactor::RemovePart() {
  apply::State& state = applier_.state();
  // Its changes belong to no entry: in the midst of one, a batch would hold half of it.
  CHECK(!state.buffer().within_entry());
  mvcc::Store& store = state.store();
  const runtime::TimePoint start = clock_.Now();
  const base::Revision finished_before = store.finished_compact_revision();
  size_t looked_at = 0;
  bool more = true;
  while (more && looked_at < options_.compaction_batch_limit) {
    const base::Result<bool> step = store.CompactionStep();
    if (!failure_.Check(step.status())) return std::nullopt;
    more = *step;
    looked_at += kCompactionSlice;
  }
  const bool ended = store.finished_compact_revision() != finished_before;
  if (more || ended) report_.Worked(state, start, ended);
  return more;
}

void Compactor::WhenCompacted(base::Revision revision, base::Callback<void()> done) {
  waiters_.emplace(revision, std::move(done));
  // What is to be removed must be in the database first; whoever waits does not wait for its time.
  committer_.WhenDurable([this] { Work(); });
}

void Compactor::RunFinished(base::Revision finished) {
  while (!waiters_.empty() && waiters_.begin()->first <= finished) {
    waiters_.extract(waiters_.begin()).mapped()();
  }
}

}  // namespace server
