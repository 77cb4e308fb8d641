#pragma once

#include <cstdint>
#include <memory>

#include "observe/metrics.h"
#include "runtime/loop.h"
#include "server/apply_loop.h"
#include "server/environment.h"
#include "server/log_writer.h"
#include "server/options.h"
#include "server/progress.h"
#include "server/scrub_round.h"

namespace server {

// Reads in the background what lies on the member's disk (ScrubRound), at most
// Options::scrub_bytes_per_second of it, so that damage is found while other members still have
// what was lost. Rounds follow one another with Options::scrub_interval between them, the first of
// them soon after the start. It waits while the database is behind what is applied, and while
// records are compacted. All damage is told in the log and counted; besides:
//
//   log        all of the segment is at or below what the database has: a snapshot is taken, the
//              log begins behind the segment, and the segment and those before it are renamed to
//              "<segment>.broken"; otherwise the next round looks again
//   snapshot   the file has been renamed: a start needs none
//   database   as if a read had met it (Backend::ReportDamage)
//
// On the apply loop; reads on bulk workers, one step at a time.
class Scrubber {
 public:
  struct Parts {
    ApplyLoop* apply_loop;
    LogWriter* log_writer;
    const Progress* progress;
  };
  // All outlive this.
  Scrubber(const Options& options, const Environment& environment, const Parts& parts);

  // On the apply loop.
  void Start();

 private:
  struct Step {
    std::shared_ptr<apply::State> state;
    base::Result<uint64_t> read = uint64_t{0};
    runtime::TimePoint start;
  };

  bool MustWait() const;
  void TakeStep();
  void OnStep(const Step& step);
  void EndRound();
  void OnDamage(const ScrubDamage& damage);
  void LeaveBehind(const ScrubDamage& damage);
  void SetAside(const ScrubDamage& damage);

  const Options options_;
  const Environment environment_;
  ApplyLoop& apply_loop_;
  LogWriter& log_writer_;
  const Progress& progress_;
  const std::unique_ptr<runtime::Timer> timer_;
  std::shared_ptr<ScrubRound> round_;      // null between two; a worker's during a step
  uint64_t damages_ = 0;                   // of the round
  std::weak_ptr<apply::State> looked_at_;  // by the step before

  observe::Counter bytes_;
  observe::Counter rounds_;
  observe::Gauge last_round_;
  observe::Counter log_damages_;
  observe::Counter snapshot_damages_;
  observe::Counter database_damages_;
};

}  // namespace server
