#pragma once

#include <cstdint>
#include <map>
#include <memory>

#include "base/callback.h"
#include "base/ids.h"
#include "runtime/loop.h"
#include "server/committer.h"
#include "server/compaction_report.h"
#include "server/environment.h"
#include "server/failure.h"
#include "server/options.h"
#include "server/progress.h"
#include "state/apply/applier.h"

namespace server {

// Removes what compactions have given up, a bounded part at a time with pauses in between, as etcd
// paces it; between entries, never within one. Belongs to the apply loop. A record that cannot be
// read is the member's failure.
class Compactor {
 public:
  // All outlive this.
  Compactor(const Options& options, const Environment& environment, apply::Applier* applier,
            Committer* committer, Progress* progress, Failure* failure);

  // Goes on with what is left to remove, unless it pauses. Between entries.
  void Work();
  // Runs `done` once the records that a compaction to `revision` removes are gone from the
  // database.
  void WhenCompacted(base::Revision revision, base::Callback<void()> done);

 private:
  // Whether there is more to remove; nothing if that failed.
  std::optional<bool> RemovePart();
  void RunFinished(base::Revision finished);

  const Options options_;
  const runtime::Clock& clock_;
  apply::Applier& applier_;
  Committer& committer_;
  Progress& progress_;
  Failure& failure_;
  CompactionReport report_;
  const std::unique_ptr<runtime::Timer> timer_;
  bool pausing_ = false;
  std::multimap<base::Revision, base::Callback<void()>> waiters_;
};

}  // namespace server
