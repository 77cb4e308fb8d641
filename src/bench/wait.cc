#include "bench/wait.h"

#include <utility>

namespace bench {
namespace {

constexpr runtime::Duration kLookPeriod = std::chrono::milliseconds(250);

}  // namespace

Cut Wait(Fleet* fleet, Control* control, const Awaited& awaited) {
  const runtime::Clock& clock = fleet->loop(0).clock();
  runtime::TimePoint last_answer = clock.Now();
  uint64_t answered = 0;
  while (!awaited.has_ended()) {
    if (control->interrupted()) return {.interrupted = true};
    control->parker().Park(kLookPeriod);
    const uint64_t now_answered = awaited.answered();
    if (awaited.progress != nullptr) awaited.progress->Show(now_answered, awaited.failed());
    if (std::exchange(answered, now_answered) != now_answered) last_answer = clock.Now();
    if (clock.Now() - last_answer <= awaited.patience) continue;
    last_answer = clock.Now();
    if (std::string why = fleet->WhyNobodyAnswers(); !why.empty()) return {false, std::move(why)};
  }
  return {};
}

}  // namespace bench
