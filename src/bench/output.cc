#include "bench/output.h"

#include <cstdio>
#include <cstdlib>
#include <ctime>

#include "bench/data_report.h"
#include "bench/plot.h"
#include "bench/setup.h"
#include "bench/text_report.h"
#include "runtime/posix/clock.h"
#include "runtime/posix/disk.h"

namespace bench {
namespace {

using cli::Invocation;
using cli::Outcome;

Outcome WriteFile(const Invocation& invocation, const std::string& path, const std::string& text) {
  std::FILE* const file = std::fopen(path.c_str(), "w");
  const bool written =
      file != nullptr && std::fwrite(text.data(), 1, text.size(), file) == text.size();
  const bool closed = file != nullptr && std::fclose(file) == 0;
  if (written && closed) return {};
  return Refuse(invocation, "cannot write " + path);
}

// "2026-11-28T13:00:00Z".
std::string NowText() {
  constexpr int64_t kNanosOfSecond = 1'000'000'000;
  const std::time_t now = runtime::posix::Clock().WallNow().unix_nanos / kNanosOfSecond;
  std::tm parts{};
  gmtime_r(&now, &parts);
  char text[32];
  const size_t size = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return std::string(text, size);
}

Outcome WritePerfdash(const Invocation& invocation, const Measurement& measurement) {
  const char* const set = std::getenv("ARTIFACTS");
  const std::string folder = set == nullptr || *set == 0 ? "./_artifacts" : set;
  runtime::posix::Disk disk;
  if (const base::Status made = disk.CreateDirectories(folder); !made.ok()) {
    return Refuse(invocation, "Error creating artifacts directory: " + std::string(made.message()));
  }
  for (const Series& series : measurement.series) {
    const std::string path =
        folder + "/EtcdAPI_benchmark_" + series.name + "_" + NowText() + ".json";
    Outcome outcome = WriteFile(invocation, path, PerfdashReport(series));
    if (!outcome.ok()) return outcome;
    if (invocation.flags.GetString("output") == "text") {
      cli::Print(invocation.out, "Successfully created a JSON perf report at " + path + "\n");
    }
  }
  return {};
}

}  // namespace

Outcome CheckOutput(const Invocation& invocation) {
  const std::string& output = invocation.flags.GetString("output");
  if (output == "text" || output == "json" || output == "csv") return {};
  return Refuse(invocation, "unsupported --output (" + output + "): it is text, json or csv");
}

Outcome Output(const Invocation& invocation, const Measurement& measurement) {
  const cli::Flags& flags = invocation.flags;
  if (flags.GetBool("report-perfdash")) {
    Outcome outcome = WritePerfdash(invocation, measurement);
    if (!outcome.ok()) return outcome;
  }
  const std::string& output = flags.GetString("output");
  if (output == "json") {
    cli::Print(invocation.out, JsonReport(measurement));
  } else if (output == "csv") {
    cli::Print(invocation.out, CsvReport(measurement));
  } else {
    cli::Print(invocation.out,
               TextReport(measurement, {.precise = flags.GetBool("precise"),
                                        .percentiles = flags.GetBool("percentiles")}));
  }
  if (const std::string& plot = flags.GetString("plot"); !plot.empty()) {
    Outcome outcome = WriteFile(invocation, plot, Plot(measurement));
    if (!outcome.ok()) return outcome;
  }
  if (!measurement.cut.failure.empty()) return Refuse(invocation, measurement.cut.failure);
  if (measurement.cut.interrupted) return {cli::kExitInterrupted};
  const bool has_failed = flags.GetBool("fail-on-error") && measurement.failed() > 0;
  return {has_failed ? cli::kExitError : cli::kExitSuccess};
}

}  // namespace bench
