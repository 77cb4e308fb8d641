#pragma once

#include <memory>
#include <span>

#include "base/result.h"
#include "raft/types.h"
#include "server/environment.h"
#include "server/options.h"
#include "state/apply/applier.h"
#include "state/apply/state.h"

namespace server {

// Applies entries before a member runs, and brings them into its database. On the thread that opens
// the member; blocks.
class Replay {
 public:
  // `state` is as entry `applied` left it. `environment` outlives this.
  Replay(const Options& options, const Environment& environment,
         std::shared_ptr<apply::State> state, raft::EntryId applied);

  // The entries follow the last one that was applied. Commits to the database as often as their
  // size asks for it.
  base::Status Apply(std::span<const raft::Entry> entries);
  // All that was applied is in the database on return.
  base::Status Commit();

  raft::EntryId applied() const { return applier_.applied(); }
  apply::State& state() { return applier_.state(); }

 private:
  const Environment& environment_;
  apply::Applier applier_;
  size_t not_committed_ = 0;
};

}  // namespace server
