#include "observe/log.h"

#include <array>
#include <ctime>

#include "observe/line_sampler.h"
#include "observe/log_line.h"

namespace observe {
namespace {

constexpr std::array<std::string_view, 6> kNames = {"debug", "info",  "warn",
                                                    "error", "panic", "fatal"};

// Of the machine's time zone at `time`.
std::chrono::seconds UtcOffset(runtime::WallTime time) {
  const auto seconds = static_cast<std::time_t>(time.unix_nanos / 1'000'000'000);
  std::tm local{};
  if (::localtime_r(&seconds, &local) == nullptr) return std::chrono::seconds(0);
  return std::chrono::seconds(local.tm_gmtoff);
}

}  // namespace

std::string_view LevelName(Level level) {
  return kNames[static_cast<size_t>(level)];
}

std::optional<Level> ParseLevel(std::string_view name) {
  for (size_t i = 0; i < kNames.size(); ++i) {
    if (kNames[i] == name) return static_cast<Level>(i);
  }
  return std::nullopt;
}

Logger::Logger(const runtime::Clock* clock, LogSink* sink, Options options)
    : clock_(clock), sink_(sink), options_(options), sampler_(std::make_shared<LineSampler>()) {}

void Logger::Write(Level level, std::string_view message, Fields fields, Caller caller) const {
  const runtime::WallTime now = clock_->WallNow();
  if (level < Level::kPanic && !sampler_->Admits(message, now)) return;
  const LogEntry entry{level, now, UtcOffset(now), caller, message, fields};
  sink_->Write(FormatLine(entry, options_.format));
  if (level >= Level::kPanic) sink_->Flush();
}

}  // namespace observe
