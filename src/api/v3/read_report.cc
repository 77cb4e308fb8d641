#include "api/v3/read_report.h"

#include "server/server.h"
#include "state/apply/loggable_text.h"

namespace v3 {
namespace {

constexpr observe::Family kRangeDuration = {"etcd_server_range_duration_seconds",
                                            "The latency distributions of txn.Range"};

observe::Histogram RangeSeconds(observe::Registry* registry, bool success) {
  return registry->AddHistogram(kRangeDuration, observe::Buckets::Exponential(0.0001, 2, 20),
                                {{"success", success ? "true" : "false"}});
}

}  // namespace

ReadReport::ReadReport(const server::Server& server)
    : logger_(*server.environment().logger),
      registry_(server.environment().registry),
      slow_(server.options().warning_apply_duration),
      operations_(registry_),
      slow_requests_(server::SlowRequests(registry_)) {}

void ReadReport::RangeTook(bool success, runtime::Duration took) {
  auto& histogram = range_seconds_[success ? 1 : 0];
  if (!histogram.has_value()) histogram = RangeSeconds(registry_, success);
  histogram->Observe(took);
}

void ReadReport::Done(const Read& read) {
  const bool is_range = read.kind == Kind::kRange;
  const bool success = read.status.ok();
  auto& histogram = (is_range ? range_requests_ : txn_requests_)[success ? 1 : 0];
  if (!histogram.has_value()) {
    histogram = server::ReadDuration(registry_, is_range ? "Range" : "ReadonlyTxn", success);
  }
  histogram->Observe(read.took);
  operations_.Add({.ranges = read.ranges, .txns = read.ranges > 1 ? uint64_t{1} : 0});
  if (!IsSlow(read.took)) return;
  slow_requests_.Add();
  const std::string text = apply::LoggableText(*read.request);
  const observe::Field took = {"took", read.took};
  const observe::Field expected = {"expected-duration", slow_};
  const observe::Field prefix = {"prefix", is_range ? "read-only range " : "read-only txn "};
  constexpr std::string_view kMessage = "apply request took too long";
  if (read.status.ok()) {
    return logger_.Warn(kMessage,
                        {took, expected, prefix, {"request", text}, {"response", read.response}});
  }
  logger_.Warn(kMessage, {took,
                          expected,
                          prefix,
                          {"request", text},
                          {"response", ""},
                          {"error", read.status.message()}});
}

}  // namespace v3
