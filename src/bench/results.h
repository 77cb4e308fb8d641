#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <string>

#include "base/status.h"
#include "bench/timeline.h"
#include "ctl/histogram.h"
#include "runtime/time.h"

namespace bench {

// What came of the requests of one kind. One thread.
struct Results {
  struct Error {
    base::Code code;
    std::string text;  // as etcd's tools print it
    friend auto operator<=>(const Error&, const Error&) = default;
  };
  // What began within one second of the calendar.
  struct Second {
    runtime::Duration smallest{};
    runtime::Duration largest{};
    runtime::Duration sum{};
    uint64_t count = 0;
  };

  explicit Results(bool keep_seconds = false) : keeps_seconds(keep_seconds) {}

  // What was done; `at`: since the start of the run.
  void RecordDone(runtime::Duration at, runtime::Duration latency, runtime::WallTime began);
  void RecordError(const base::Status& status);
  void Add(const Results& other);

  uint64_t done() const { return latencies.count(); }
  uint64_t failed() const;

  ctl::Histogram latencies;
  Timeline timeline;
  std::map<Error, uint64_t> errors;
  bool keeps_seconds;
  std::map<int64_t, Second> seconds;  // by Unix time, where they are kept
};

// As etcd's tools print it.
std::string ErrorText(const base::Status& status);

}  // namespace bench
