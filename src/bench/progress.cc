#include "bench/progress.h"

#include <unistd.h>

#include <algorithm>
#include <string>

#include "cli/command.h"

namespace bench {
namespace {

// Back to the line's begin, and what is on it away.
constexpr char kClear[] = "\r\x1b[K";

}  // namespace

std::unique_ptr<Progress> Progress::OnTerminal(std::FILE* file, uint64_t total,
                                               const runtime::Clock* clock) {
  if (isatty(fileno(file)) == 0) return nullptr;
  return std::unique_ptr<Progress>(new Progress(file, total, clock));
}

Progress::Progress(std::FILE* file, uint64_t total, const runtime::Clock* clock)
    : file_(file), total_(total), clock_(*clock), shown_at_(clock->Now()) {}

Progress::~Progress() {
  cli::Print(file_, kClear);
}

void Progress::Show(uint64_t ended, uint64_t failed) {
  const runtime::TimePoint now = clock_.Now();
  const double seconds = std::chrono::duration<double>(now - shown_at_).count();
  const auto rate =
      static_cast<uint64_t>(static_cast<double>(ended - ended_) / std::max(seconds, 1e-3));
  shown_at_ = now;
  ended_ = ended;
  std::string line = kClear + std::to_string(ended);
  if (total_ != kUnknownTotal) line += " / " + std::to_string(total_);
  if (total_ != kUnknownTotal && total_ > 0)
    line += "  " + std::to_string(ended * 100 / total_) + "%";
  line += "  " + std::to_string(rate) + "/s";
  if (failed > 0) line += "  " + std::to_string(failed) + " failed";
  cli::Print(file_, line);
}

}  // namespace bench
