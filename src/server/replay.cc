#include "server/replay.h"

#include <optional>
#include <utility>

namespace server {
namespace {

constexpr size_t kEntriesOfCommit = 1000;

}  // namespace

Replay::Replay(const Options& options, const Environment& environment,
               std::shared_ptr<apply::State> state, raft::EntryId applied)
    : environment_(environment),
      applier_({.max_learners = options.max_learners,
                .keep_lease_checkpoints = options.keep_lease_checkpoints},
               std::move(state), applied) {}

base::Status Replay::Apply(std::span<const raft::Entry> entries) {
  for (const raft::Entry& entry : entries) {
    RETURN_IF_ERROR(applier_.Apply(entry, environment_.apply_loop->clock().Now()).status());
    if (++not_committed_ < kEntriesOfCommit && !state().buffer().full()) continue;
    RETURN_IF_ERROR(Commit());
  }
  return {};
}

base::Status Replay::Commit() {
  not_committed_ = 0;
  std::optional<mvcc::Store::Commit> commit = state().store().TakeCommit(true);
  if (!commit.has_value()) return {};
  RETURN_IF_ERROR(state().database().Commit(*commit->batch));
  state().store().Committed(*std::move(commit));
  return {};
}

}  // namespace server
