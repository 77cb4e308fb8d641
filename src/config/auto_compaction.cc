#include "config/auto_compaction.h"

#include <limits>
#include <string>

#include "base/duration_text.h"
#include "base/go_text.h"

namespace config {
namespace {

constexpr std::string_view kByRevision = "revision";

base::Status Invalid(std::string text) {
  return {base::Code::kInvalidArgument, std::move(text)};
}

}  // namespace

base::Status CheckAutoCompactionMode(std::string_view mode) {
  if (mode.empty()) return Invalid("undefined auto-compaction-mode");
  if (mode == "periodic" || mode == kByRevision) return {};
  return Invalid("unknown auto-compaction-mode " + base::Quote(mode));
}

base::Result<AutoCompaction> ParseAutoCompaction(std::string_view mode,
                                                 std::string_view retention) {
  constexpr int64_t kHour = Duration(std::chrono::hours(1)).count();
  RETURN_IF_ERROR(CheckAutoCompactionMode(mode));
  const bool by_revision = mode == kByRevision;
  const base::Result<int64_t> count = base::ParseGoInt(retention);
  if (count.ok() && *count >= 0) {
    if (by_revision) return AutoCompaction{.period = {}, .revisions = *count};
    if (*count <= std::numeric_limits<int64_t>::max() / kHour) {
      return AutoCompaction{.period = Duration(*count * kHour), .revisions = 0};
    }
    return Invalid("error parsing CompactionRetention: too many hours: " + std::string(retention));
  }
  const base::Result<Duration> period = base::ParseDuration(retention);
  if (!period.ok()) {
    return Invalid("error parsing CompactionRetention: " + std::string(period.status().message()));
  }
  if (*period < Duration(0)) {
    return Invalid("error parsing CompactionRetention: " + std::string(retention) +
                   " is less than nothing");
  }
  if (by_revision) return AutoCompaction{.period = {}, .revisions = period->count()};
  return AutoCompaction{.period = *period, .revisions = 0};
}

}  // namespace config
