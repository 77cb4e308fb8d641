#include "ctl/top_command.h"

#include <algorithm>
#include <chrono>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "cli/screen.h"
#include "ctl/connection.h"
#include "ctl/doctor_facts.h"
#include "ctl/interruption.h"
#include "ctl/top_view.h"
#include "runtime/posix/clock.h"
#include "runtime/posix/parker.h"

namespace ctl {
namespace {

using Duration = std::chrono::nanoseconds;

constexpr Duration kShortest = std::chrono::milliseconds(200);
// How often it is looked whether the terminal has another size.
constexpr Duration kLook = std::chrono::milliseconds(200);
// Of a member that is away, unless the flag says otherwise: the others are shown meanwhile.
constexpr Duration kPatience = std::chrono::seconds(1);
// Where no terminal looks on, each member is one row.
constexpr size_t kUnbounded = std::numeric_limits<size_t>::max();

// Looks at the cluster until it is interrupted.
class Top {
 public:
  Top(const Globals* globals, const std::vector<std::string>& endpoints, Duration interval,
      const Interruption* interruption, runtime::posix::Parker* parker)
      : gatherer_(globals, endpoints),
        interval_(interval),
        interruption_(*interruption),
        parker_(*parker) {}

  // The first look, without anything that needs a second one.
  TopRound Begin() {
    before_ = gatherer_.Gather();
    return Compare(before_, before_);
  }
  // What was between the last look and this one.
  TopRound Look() {
    ClusterFacts now = gatherer_.Gather();
    TopRound round = Compare(before_, now);
    before_ = std::move(now);
    return round;
  }
  bool is_interrupted() const { return interruption_.handle().canceled(); }

  // Until the next look is due, or it is interrupted. `look` is called often.
  template <typename Look>
  void Wait(Look look) {
    const runtime::TimePoint end = clock_.Now() + interval_;
    while (!is_interrupted()) {
      const Duration rest = end - clock_.Now();
      if (rest <= Duration(0)) return;
      parker_.Park(std::min(rest, kLook));
      look();
    }
  }

 private:
  FactsGatherer gatherer_;
  const Duration interval_;
  const Interruption& interruption_;
  runtime::posix::Parker& parker_;
  const runtime::posix::Clock clock_;
  ClusterFacts before_;
};

void ShowOnScreen(Top* top, std::FILE* terminal, const cli::Painter& paint) {
  cli::Screen screen(terminal);
  screen.Show("looking at the members ...\n");
  for (TopRound round = top->Begin(); !top->is_interrupted(); round = top->Look()) {
    cli::ScreenSize size = cli::SizeOf(terminal);
    const auto show = [&] {
      screen.Show(TopText(round, paint, size.columns) +
                  paint(cli::Color::kDim, "Ctrl-C ends this") + "\n");
    };
    show();
    top->Wait([&] {
      const cli::ScreenSize now = cli::SizeOf(terminal);
      if (now == size) return;
      size = now;
      show();
    });
  }
}

}  // namespace

Outcome RunTop(const Invocation& invocation) {
  if (!invocation.arguments.empty()) {
    return Failed(kExitBadArguments, "top command accepts no arguments");
  }
  const Duration interval = invocation.flags.GetDuration("interval");
  if (interval < kShortest) return Failed(kExitBadArguments, "--interval is 200ms at least");
  Globals globals;
  if (Outcome outcome = ReadGlobals(invocation, &globals); !outcome.ok()) return outcome;
  const std::string& format = globals.printer->format();
  if (format != "simple" && format != "json") {
    return Failed(kExitBadFeature, "top prints simple and json alone");
  }
  std::vector<std::string> endpoints;
  if (Outcome outcome = ListEndpoints(invocation, globals, &endpoints); !outcome.ok()) {
    return outcome;
  }
  if (!invocation.flags.IsGiven("command-timeout")) globals.call.timeout = kPatience;
  runtime::posix::Parker parker;
  const Interruption interruption([&parker] { parker.Unpark(); });
  globals.call.cancellation = interruption.handle();
  Top top(&globals, endpoints, interval, &interruption, &parker);
  if (format == "simple" && !invocation.flags.GetBool("once") && cli::IsTerminal(invocation.out)) {
    ShowOnScreen(&top, invocation.out, globals.printer->paint());
    return {};
  }
  top.Begin();
  top.Wait([] {});
  const TopRound round = top.Look();
  if (top.is_interrupted()) return {kExitInterrupted};
  const size_t columns =
      cli::IsTerminal(invocation.out) ? cli::SizeOf(invocation.out).columns : kUnbounded;
  Print(invocation.out,
        format == "json" ? TopJson(round) : TopText(round, globals.printer->paint(), columns));
  const bool all_answer = std::all_of(round.members.begin(), round.members.end(),
                                      [](const TopMember& one) { return one.failure.empty(); });
  return {all_answer && round.read_failure.empty() ? kExitSuccess : kExitError};
}

}  // namespace ctl
