#include <charconv>
#include <cinttypes>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/identity/planted.h"
#include "api/watch/planted.h"
#include "base/check.h"
#include "net/http/planted.h"
#include "raft/planted.h"
#include "runtime/posix/clock.h"
#include "server/planted.h"
#include "sim/run.h"
#include "state/admission/planted.h"
#include "state/apply/planted.h"
#include "state/auth/planted.h"
#include "state/leases/planted.h"
#include "state/v2/planted.h"

namespace {

constexpr std::string_view kUsage =
    "usage: etcd-sim [smoke | long | seed SEED | seeds FIRST COUNT | bugs] [--plant BUG]\n"
    "       etcd-sim seed SEED --raft-trace FILE [--plant BUG]\n"
    "  smoke        the first 300 seeds\n"
    "  long         5,000 seeds that nobody has drawn before; it says from which on\n"
    "  seed         one seed\n"
    "  seeds        COUNT seeds from FIRST on, until one fails\n"
    "  bugs         how many deliberate bugs there are to plant\n"
    "  --raft-trace by a plan of another kind: the steps of all raft nodes go to FILE, in the "
    "form\n"
    "               of etcd/raft's state traces\n"
    "  --plant      with the deliberate bug of that number (etcd-sim-planted only)\n"
    "Each seed runs twice and must leave the same trace; with a bug, once. Exit status 1: a\n"
    "violation.\n";

uint64_t current_seed = 0;
bool bug_is_planted = false;

// About a thousand steps: what the model checker follows within a minute.
constexpr uint64_t kTraceBytes = 400'000;

void ReportFatal(std::string_view message) {
  std::printf("seed %" PRIu64 ": %.*s\n", current_seed, static_cast<int>(message.size()),
              message.data());
  std::fflush(stdout);
}

struct Totals {
  uint64_t seeds = 0;
  uint64_t stalled = 0;
  uint64_t elections = 0;
  uint64_t committed_entries = 0;
  uint64_t crashes = 0;
  uint64_t losses = 0;
  uint64_t replacements = 0;
  uint64_t stops = 0;
  uint64_t writes = 0;
  uint64_t reads = 0;
  uint64_t events = 0;
  uint64_t users_served = 0;
  uint64_t users_denied = 0;
  uint64_t tree_answers = 0;
  uint64_t refused = 0;
  uint64_t given_up = 0;
  uint64_t lost = 0;
  uint64_t steps = 0;

  void Add(const sim::Report& report) {
    ++seeds;
    stalled += report.stalled_by_removal ? 1 : 0;
    elections += report.elections;
    committed_entries += report.committed_entries;
    crashes += report.crashes;
    losses += report.losses;
    replacements += report.replacements;
    stops += report.stops;
    writes += report.writes;
    reads += report.reads;
    events += report.events;
    users_served += report.users_served;
    users_denied += report.users_denied;
    tree_answers += report.tree_answers;
    refused += report.calls_unprocessed;
    given_up += report.calls_given_up;
    lost += report.calls_lost;
    steps += report.steps;
  }
  void Print() const {
    std::printf(
        "%" PRIu64 " seeds: %" PRIu64 " elections, %" PRIu64 " committed entries, %" PRIu64
        " crashes, %" PRIu64 " logs lost, %" PRIu64 " members replaced, %" PRIu64 " stops, %" PRIu64
        " writes acknowledged, %" PRIu64 " reads, %" PRIu64
        " events of watches, requests of users %" PRIu64 " served, %" PRIu64
        " denied, of the v2 API %" PRIu64 " answered, calls %" PRIu64 " never carried out, %" PRIu64
        " given up, %" PRIu64 " lost, %" PRIu64 " steps; no invariant broken; %" PRIu64
        " ended waiting for a removed member's vote\n",
        seeds, elections, committed_entries, crashes, losses, replacements, stops, writes, reads,
        events, users_served, users_denied, tree_answers, refused, given_up, lost, steps, stalled);
  }
};

// False, with the reason printed, if the seed breaks an invariant or gives two traces.
bool Run(uint64_t seed, Totals* totals) {
  current_seed = seed;
  const sim::Report first = sim::RunSeed(seed);
  if (!first.violation.ok()) {
    std::printf("seed %" PRIu64 ": %s\n", seed, first.violation.ToString().c_str());
    return false;
  }
  totals->Add(first);
  if (bug_is_planted) return true;
  const sim::Report second = sim::RunSeed(seed);
  if (second.fingerprint != first.fingerprint) {
    std::printf("seed %" PRIu64 ": two runs differ (%" PRIx64 ", %" PRIx64 ")\n", seed,
                first.fingerprint, second.fingerprint);
    return false;
  }
  return true;
}

bool RunSeeds(uint64_t first, uint64_t count) {
  Totals totals;
  for (uint64_t seed = first; seed < first + count; ++seed) {
    if (!Run(seed, &totals)) return false;
  }
  totals.Print();
  return true;
}

bool RunFreshSeeds(uint64_t count) {
  // Short enough to be typed again.
  const uint64_t first = runtime::posix::EntropySeed() % 1'000'000'000;
  std::printf("seeds from %" PRIu64 " on\n", first);
  std::fflush(stdout);  // whoever ends it halfway knows where it began
  return RunSeeds(first, count);
}

// Likewise of a traced run, which is made once.
bool RunTraced(uint64_t seed, const std::string& path) {
  current_seed = seed;
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "w"),
                                                             &std::fclose);
  if (file == nullptr) {
    std::printf("cannot write %s\n", path.c_str());
    return false;
  }
  // A run that ends in a failed check leaves all lines before it.
  std::setvbuf(file.get(), nullptr, _IOLBF, 0);
  const sim::Report report = sim::RunTraced(
      seed, kTraceBytes,
      [raw = file.get()](std::string_view line) { std::fwrite(line.data(), 1, line.size(), raw); });
  if (!report.violation.ok()) {
    std::printf("seed %" PRIu64 ": %s\n", seed, report.violation.ToString().c_str());
    return false;
  }
  std::printf("%" PRIu64 " elections, %" PRIu64 " committed entries, %" PRIu64 " crashes\n",
              report.elections, report.committed_entries, report.crashes);
  return true;
}

std::optional<uint64_t> Number(std::string_view text) {
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// In this order they are numbered.
constexpr uint64_t kBugs =
    static_cast<uint64_t>(raft::kPlantedBugLast) + static_cast<uint64_t>(http::kPlantedBugLast) +
    static_cast<uint64_t>(watch::kPlantedBugLast) + static_cast<uint64_t>(server::kPlantedBugLast) +
    static_cast<uint64_t>(leases::kPlantedBugLast) + static_cast<uint64_t>(auth::kPlantedBugLast) +
    static_cast<uint64_t>(apply::kPlantedBugLast) +
    static_cast<uint64_t>(identity::kPlantedBugLast) +
    static_cast<uint64_t>(admission::kPlantedBugLast) + static_cast<uint64_t>(v2::kPlantedBugLast);

#ifdef PLANT_BUGS
// Plants the bug of that number, if there are so many of its kind; counts on if not.
template <typename Bug>
bool PlantOneOf(Bug last, uint64_t* number) {
  const auto count = static_cast<uint64_t>(last);
  if (*number <= count) {
    base::Plant(static_cast<Bug>(*number));
    return true;
  }
  *number -= count;
  return false;
}
#endif

// False if there is no such bug here.
bool PlantBug(std::string_view text) {
#ifdef PLANT_BUGS
  std::optional<uint64_t> bug = Number(text);
  if (!bug.has_value()) return false;
  bug_is_planted =
      PlantOneOf(raft::kPlantedBugLast, &*bug) || PlantOneOf(http::kPlantedBugLast, &*bug) ||
      PlantOneOf(watch::kPlantedBugLast, &*bug) || PlantOneOf(server::kPlantedBugLast, &*bug) ||
      PlantOneOf(leases::kPlantedBugLast, &*bug) || PlantOneOf(auth::kPlantedBugLast, &*bug) ||
      PlantOneOf(apply::kPlantedBugLast, &*bug) || PlantOneOf(identity::kPlantedBugLast, &*bug) ||
      PlantOneOf(admission::kPlantedBugLast, &*bug) || PlantOneOf(v2::kPlantedBugLast, &*bug);
  return bug_is_planted;
#else
  (void)text;
  return false;
#endif
}

int Usage() {
  std::fputs(kUsage.data(), stderr);
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  base::SetFatalHook(&ReportFatal);
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  std::vector<std::string_view> words(argv + 1, argv + argc);
  if (words.size() >= 2 && words[words.size() - 2] == "--plant") {
    if (!PlantBug(words.back())) {
      std::fprintf(stderr, "etcd-sim: there is no bug %.*s to plant here\n",
                   static_cast<int>(words.back().size()), words.back().data());
      return 2;
    }
    words.resize(words.size() - 2);
  }
  std::optional<std::string> trace;
  if (words.size() >= 2 && words[words.size() - 2] == "--raft-trace") {
    trace = words.back();
    words.resize(words.size() - 2);
  }
  const std::string_view command = words.empty() ? "smoke" : words[0];
  std::vector<uint64_t> numbers;
  for (size_t i = 1; i < words.size(); ++i) {
    if (const auto number = Number(words[i])) numbers.push_back(*number);
  }
  if (numbers.size() + 1 < words.size()) return Usage();
  if (trace.has_value()) {
    if (command != "seed" || numbers.size() != 1) return Usage();
    return RunTraced(numbers[0], *trace) ? 0 : 1;
  }
  if (command == "smoke" && numbers.empty()) return RunSeeds(1, 300) ? 0 : 1;
  if (command == "long" && numbers.empty()) return RunFreshSeeds(5000) ? 0 : 1;
  if (command == "bugs" && numbers.empty()) {
    std::printf("%" PRIu64 "\n", kBugs);
    return 0;
  }
  if (command == "seed" && numbers.size() == 1) return RunSeeds(numbers[0], 1) ? 0 : 1;
  if (command == "seeds" && numbers.size() == 2) return RunSeeds(numbers[0], numbers[1]) ? 0 : 1;
  return Usage();
}
