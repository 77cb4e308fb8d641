#include "bench/results.h"

#include <etcd/status.h>

#include <algorithm>

namespace bench {
namespace {

constexpr int64_t kNanosOfSecond = 1'000'000'000;

void Merge(const Results::Second& from, Results::Second* to) {
  to->smallest = to->count == 0 ? from.smallest : std::min(to->smallest, from.smallest);
  to->largest = std::max(to->largest, from.largest);
  to->sum += from.sum;
  to->count += from.count;
}

}  // namespace

std::string ErrorText(const base::Status& status) {
  if (status.ok()) return "OK";
  return etcd::Status(static_cast<etcd::Code>(status.code()), std::string(status.message()))
      .ToString();
}

void Results::RecordDone(runtime::Duration at, runtime::Duration latency, runtime::WallTime began) {
  latencies.Record(latency);
  timeline.Record(at, latency);
  if (!keeps_seconds) return;
  Merge({latency, latency, latency, 1}, &seconds[began.unix_nanos / kNanosOfSecond]);
}

void Results::RecordError(const base::Status& status) {
  ++errors[{status.code(), ErrorText(status)}];
}

void Results::Add(const Results& other) {
  latencies.Add(other.latencies);
  timeline.Add(other.timeline);
  for (const auto& [error, count] : other.errors) errors[error] += count;
  keeps_seconds = keeps_seconds || other.keeps_seconds;
  for (const auto& [second, values] : other.seconds) Merge(values, &seconds[second]);
}

uint64_t Results::failed() const {
  uint64_t sum = 0;
  for (const auto& [error, count] : errors) sum += count;
  return sum;
}

}  // namespace bench
