#include "dump/go_log.h"

#include <ctime>

#include "cli/command.h"

namespace dump {

void GoLog::Print(const std::string& text) const {
  constexpr int64_t kNanosPerSecond = 1'000'000'000;
  const std::time_t seconds = clock_.WallNow().unix_nanos / kNanosPerSecond;
  std::tm parts{};
  localtime_r(&seconds, &parts);
  char stamp[sizeof "2026/11/28 13:58:16 "];
  const size_t size = std::strftime(stamp, sizeof stamp, "%Y/%m/%d %H:%M:%S ", &parts);
  cli::Print(file_, std::string(stamp, size) + text + "\n");
}

}  // namespace dump
