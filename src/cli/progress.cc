#include "cli/progress.h"

#include <unistd.h>

#include <utility>

#include "base/human_bytes.h"
#include "cli/command.h"

namespace cli {

Progress::Progress(std::FILE* file, std::string what, std::string unit)
    : file_(isatty(fileno(file)) == 1 ? file : nullptr),
      what_(std::move(what)),
      unit_(std::move(unit)) {}

Progress::~Progress() {
  if (shown_.has_value()) Print(file_, kClearLine);
}

void Progress::Show(uint64_t done, uint64_t total) {
  if (file_ == nullptr) return;
  const uint64_t percent = done >= total ? 100 : done * 100 / total;
  if (std::exchange(shown_, percent) == percent) return;
  const std::string amount =
      unit_.empty() ? base::HumanBytes(done) + " of " + base::HumanBytes(total)
                    : std::to_string(done) + " of " + std::to_string(total) + " " + unit_;
  Print(file_, kClearLine + what_ + "  " + amount + "  " + std::to_string(percent) + "%");
}

}  // namespace cli
