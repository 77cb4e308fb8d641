#include <charconv>
#include <cinttypes>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "base/coverage_mark.h"
#include "cmd/etcd-sim/bugs.h"
#include "runtime/posix/clock.h"
#include "runtime/posix/disk.h"
#include "sim/run.h"
#include "sim/scenario.h"

namespace {

constexpr std::string_view kUsage =
    "usage: etcd-sim COMMAND [--long] [--plant BUG]\n"
    "  seed SEED             runs one seed\n"
    "  seeds FIRST COUNT     COUNT seeds from FIRST on, until one fails\n"
    "  plan SEED             prints the plan that a seed draws, as a scenario\n"
    "  scenario FILE [SEED]  runs what the file says (src/sim/scenario.h), or standard input if "
    "it\n"
    "                        is -, with a seed or the first\n"
    "  check FILE            whether the file is a scenario\n"
    "  raft-trace SEED FILE  by a plan of another kind: the steps of all raft nodes go to the "
    "file,\n"
    "                        in the form of etcd/raft's state traces\n"
    "  bugs                  how many deliberate bugs there are to plant\n"
    "  --long                the plans of seeds are four times as long\n"
    "  --plant               with the deliberate bug of that number (etcd-sim-planted only)\n"
    "Each seed runs twice and must leave the same trace; with a bug, once. What has happened is\n"
    "listed with how often, the coverage marks of the members too. Exit status 1: a violation,\n"
    "with the seed; 2: a word or a file that cannot be understood, or\n"
    "output that cannot be written.\n";

constexpr int kViolation = 1;
constexpr int kUsageError = 2;

uint64_t current_seed = 0;
bool bug_is_planted = false;
bool plans_are_long = false;

// About a thousand steps: what the model checker follows within a minute.
constexpr uint64_t kTraceBytes = 400'000;

void ReportFatal(std::string_view message) {
  std::printf("seed %" PRIu64 ": %.*s\n", current_seed, static_cast<int>(message.size()),
              message.data());
  std::fflush(stdout);
}

void Print(const sim::Tally& tally) {
  for (const auto& [name, count] : tally.counts()) {
    std::printf("%12" PRIu64 "  %s\n", count, name.c_str());
  }
}

void AddMarks(sim::Tally* tally) {
  for (const base::ReachedMark& mark : base::ReachedMarks()) tally->Add(mark.name, mark.count);
}

uint64_t Milliseconds(runtime::Duration duration) {
  return static_cast<uint64_t>(duration / std::chrono::milliseconds(1));
}

// False, with the reason printed, if the run breaks an invariant or gives two traces.
bool RunTwice(const sim::Plan& plan, uint64_t seed, sim::Tally* tally) {
  current_seed = seed;
  const sim::Report first = sim::Run(plan, seed);
  tally->Add("run: simulated milliseconds", Milliseconds(first.simulated));
  if (!first.violation.ok()) {
    std::printf("seed %" PRIu64 ": %s\n", seed, first.violation.ToString().c_str());
    return false;
  }
  tally->Add("run: seeds");
  tally->Add(first.tally);
  if (bug_is_planted) return true;
  const sim::Report second = sim::Run(plan, seed);
  tally->Add("run: simulated milliseconds", Milliseconds(second.simulated));
  if (second.fingerprint == first.fingerprint) return true;
  std::printf("seed %" PRIu64 ": two runs differ (%" PRIx64 ", %" PRIx64 ")\n", seed,
              first.fingerprint, second.fingerprint);
  return false;
}

int End(bool is_good, sim::Tally tally) {
  if (!is_good) return kViolation;
  AddMarks(&tally);
  Print(tally);
  return 0;
}

sim::Plan PlanOf(uint64_t seed) {
  const sim::Plan plan = sim::Plan::FromSeed(seed);
  return plans_are_long ? plan.Lengthened() : plan;
}

int RunSeeds(uint64_t first, uint64_t count) {
  sim::Tally tally;
  bool is_good = true;
  for (uint64_t seed = first; is_good && seed < first + count; ++seed) {
    is_good = RunTwice(PlanOf(seed), seed, &tally);
  }
  return End(is_good, std::move(tally));
}

base::Result<base::Bytes> ReadScenario(const std::string& path) {
  if (path != "-") {
    runtime::posix::Disk disk;
    return runtime::ReadFile(disk, path);
  }
  base::Bytes text(sim::kScenarioBytesMax + 1, '\0');
  text.resize(std::fread(text.data(), 1, text.size(), stdin));
  return text;
}

std::optional<sim::Plan> ReadPlan(const std::string& path) {
  const auto text = ReadScenario(path);
  const base::Result<sim::Plan> plan =
      text.ok() ? sim::ParseScenario(*text) : base::Result<sim::Plan>(text.status());
  if (plan.ok()) return *plan;
  std::fprintf(stderr, "etcd-sim: %s: %s\n", path.c_str(),
               std::string(plan.status().message()).c_str());
  return std::nullopt;
}

int RunScenario(const std::string& path, uint64_t seed) {
  const std::optional<sim::Plan> plan = ReadPlan(path);
  if (!plan.has_value()) return kUsageError;
  sim::Tally tally;
  const bool is_good = RunTwice(*plan, seed, &tally);
  return End(is_good, std::move(tally));
}

int PrintPlan(uint64_t seed) {
  std::fputs(sim::ToScenario(PlanOf(seed)).c_str(), stdout);
  return 0;
}

int PrintBugs() {
  std::printf("%" PRIu64 "\n", BugCount());
  return 0;
}

// A traced run is made once.
int RunTraced(uint64_t seed, const std::string& path) {
  current_seed = seed;
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "w"),
                                                             &std::fclose);
  if (file == nullptr) {
    std::fprintf(stderr, "etcd-sim: cannot write %s\n", path.c_str());
    return kUsageError;
  }
  // A run that ends in a failed check leaves all lines before it.
  std::setvbuf(file.get(), nullptr, _IOLBF, 0);
  const sim::Report report = sim::RunTraced(
      seed, kTraceBytes,
      [raw = file.get()](std::string_view line) { std::fwrite(line.data(), 1, line.size(), raw); });
  if (!report.violation.ok()) {
    std::printf("seed %" PRIu64 ": %s\n", seed, report.violation.ToString().c_str());
    return kViolation;
  }
  Print(report.tally);
  return 0;
}

std::optional<uint64_t> Number(std::string_view text) {
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// The numbers from the `first` word on; nothing if one is none, or there are others than so many.
std::optional<std::vector<uint64_t>> Numbers(const std::vector<std::string_view>& words,
                                             size_t first, size_t least, size_t most) {
  if (words.size() < first + least || words.size() > first + most) return std::nullopt;
  std::vector<uint64_t> numbers;
  for (size_t i = first; i < words.size(); ++i) {
    const std::optional<uint64_t> number = Number(words[i]);
    if (!number.has_value()) return std::nullopt;
    numbers.push_back(*number);
  }
  return numbers;
}

int Usage() {
  std::fputs(kUsage.data(), stderr);
  return kUsageError;
}

int RunCommand(const std::vector<std::string_view>& words) {
  const std::string_view command = words.empty() ? std::string_view() : words[0];
  if (command == "seed" || command == "plan") {
    const auto numbers = Numbers(words, 1, 1, 1);
    if (!numbers.has_value()) return Usage();
    return command == "plan" ? PrintPlan(numbers->front()) : RunSeeds(numbers->front(), 1);
  }
  if (command == "seeds") {
    const auto numbers = Numbers(words, 1, 2, 2);
    return numbers.has_value() ? RunSeeds(numbers->front(), numbers->back()) : Usage();
  }
  if (command == "scenario") {
    const auto numbers = Numbers(words, 2, 0, 1);
    if (!numbers.has_value()) return Usage();
    return RunScenario(std::string(words[1]), numbers->empty() ? 1 : numbers->front());
  }
  if (command == "check" && words.size() == 2) {
    return ReadPlan(std::string(words[1])).has_value() ? 0 : kUsageError;
  }
  if (command == "raft-trace" && words.size() == 3) {
    const std::optional<uint64_t> seed = Number(words[1]);
    return seed.has_value() ? RunTraced(*seed, std::string(words[2])) : Usage();
  }
  if (command == "bugs" && words.size() == 1) return PrintBugs();
  return Usage();
}

}  // namespace

int main(int argc, char** argv) {
  base::SetFatalHook(&ReportFatal);
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  std::vector<std::string_view> words(argv + 1, argv + argc);
  if (words.size() >= 2 && words[words.size() - 2] == "--plant") {
    const std::optional<uint64_t> bug = Number(words.back());
    bug_is_planted = bug.has_value() && PlantBug(*bug);
    if (!bug_is_planted) {
      std::fprintf(stderr, "etcd-sim: there is no bug %.*s to plant here\n",
                   static_cast<int>(words.back().size()), words.back().data());
      return kUsageError;
    }
    words.resize(words.size() - 2);
  }
  if (words.size() >= 2 && words.back() == "--long") {
    plans_are_long = true;
    words.pop_back();
  }
  const int status = RunCommand(words);
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return status;
  std::fputs("etcd-sim: not all could be printed\n", stderr);
  return status == 0 ? kUsageError : status;
}
