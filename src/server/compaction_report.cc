#include "server/compaction_report.h"

#include <chrono>
#include <utility>

namespace server {
namespace {

using observe::Buckets;
using observe::Family;

constexpr Family kPause = {"etcd_debugging_mvcc_db_compaction_pause_duration_milliseconds",
                           "Bucketed histogram of db compaction pause duration."};
constexpr Family kTotal = {"etcd_debugging_mvcc_db_compaction_total_duration_milliseconds",
                           "Bucketed histogram of db compaction total duration."};
constexpr Family kKeys = {"etcd_debugging_mvcc_db_compaction_keys_total",
                          "Total number of db keys compacted."};
constexpr Family kLast = {"etcd_debugging_mvcc_db_compaction_last",
                          "The unix time of the last db compaction. Resets to 0 on start."};

constexpr int64_t kNanosPerSecond = 1'000'000'000;

double Milliseconds(runtime::Duration duration) {
  return std::chrono::duration<double, std::milli>(duration).count();
}

}  // namespace

CompactionReport::CompactionReport(const runtime::Clock& clock, const observe::Logger* logger,
                                   observe::Registry* registry)
    : clock_(clock),
      logger_(*logger),
      pause_milliseconds_(registry->AddHistogram(kPause, Buckets::Exponential(1, 2, 13))),
      total_milliseconds_(registry->AddHistogram(kTotal, Buckets::Exponential(100, 2, 14))),
      keys_(registry->AddCounter(kKeys)),
      last_(registry->AddGauge(kLast)) {}

void CompactionReport::Worked(apply::State& state, runtime::TimePoint start, bool ended) {
  const runtime::TimePoint now = clock_.Now();
  if (!start_.has_value()) {
    start_ = start;
    removed_before_ = removed_counted_;
  }
  pause_milliseconds_.Observe(Milliseconds(now - start));
  const uint64_t removed = state.store().removed_records();
  if (removed < removed_counted_) removed_counted_ = removed_before_ = 0;  // of another state
  keys_.Add(static_cast<double>(removed - std::exchange(removed_counted_, removed)));
  if (ended) Ended(state, now - *std::exchange(start_, std::nullopt));
}

void CompactionReport::Ended(apply::State& state, runtime::Duration took) {
  total_milliseconds_.Observe(Milliseconds(took));
  last_.Set(static_cast<double>(clock_.WallNow().unix_nanos / kNanosPerSecond));
  const backend::Sizes sizes = state.database().sizes();
  logger_.Info("finished scheduled compaction",
               {{"compact-revision", state.store().finished_compact_revision().value()},
                {"took", took},
                {"number-of-keys-compacted", removed_counted_ - removed_before_},
                {"current-db-size-bytes", sizes.allocated},
                {"current-db-size-in-use-bytes", sizes.in_use}});
}

}  // namespace server
