#include "ctl/check_commands.h"

#include <algorithm>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "base/go_text.h"
#include "ctl/check_verdict.h"
#include "ctl/connection.h"
#include "ctl/interruption.h"
#include "ctl/measured_puts.h"
#include "ctl/repeated.h"
#include "ctl/resident_memory.h"
#include "runtime/posix/clock.h"
#include "runtime/posix/descriptor_limit.h"

namespace ctl {
namespace {

constexpr std::chrono::seconds kPerformanceTime(60);
constexpr std::chrono::seconds kProgressPeriod(1);
constexpr PutSizes kPerformanceSizes{256, 1024};
constexpr PutSizes kMemorySizes{512, 512};
constexpr int kBytesOfPair = 1024;
const etcd::CallOptions kForEver{.timeout = etcd::kNoTimeout};
// Of what is done when the puts are over.
const etcd::CallOptions kAfterwards{.timeout = std::chrono::seconds(30)};

struct Workload {
  size_t clients;
  uint64_t puts_per_second;  // of the check of performance
  uint64_t puts;             // of the check of memory
};
const std::map<std::string, Workload> kWorkloads = {{"s", {50, 150, 10'000}},
                                                    {"m", {200, 1'000, 100'000}},
                                                    {"l", {500, 8'000, 1'000'000}},
                                                    {"xl", {1'000, 15'000, 3'000'000}}};
const std::map<std::string, std::string> kLongNames = {
    {"small", "s"}, {"medium", "m"}, {"large", "l"}, {"xLarge", "xl"}};

Outcome FindWorkload(const Flags& flags, Workload* workload) {
  const std::string& name = flags.GetString("load");
  const auto long_name = kLongNames.find(name);
  const auto found = kWorkloads.find(long_name == kLongNames.end() ? name : long_name->second);
  if (found == kWorkloads.end()) return Failed(kExitBadFeature, "unknown load option " + name);
  *workload = found->second;
  return {};
}

// A connection for each of them.
Outcome OpenClients(const Globals& globals, size_t count, Clients* clients) {
  runtime::posix::RaiseDescriptorLimit();
  while (clients->size() < count) {
    Outcome outcome = Connect(globals.client, &clients->emplace_back());
    if (!outcome.ok()) return outcome;
  }
  return {};
}

// Keys that are there already are not the check's to delete.
Outcome RefuseKeys(etcd::Client& client, const std::string& prefix, const std::string& quote,
                   const etcd::CallOptions& call) {
  etcd::GetRequest request = etcd::Prefix(prefix);
  request.limit = 1;
  const auto found = client.Get(request, call);
  if (!found.ok()) return FailedCall(found.status());
  if (found->kvs.empty()) return {};
  return Failed(kExitInvalidInput, "prefix " + base::Quote(prefix) + " has keys. Delete with " +
                                       quote + "etcdctl del --prefix " + prefix + quote + " first");
}

Outcome Compact(const Invocation& invocation, etcd::Client& client, int64_t revision) {
  const std::string with = " with revision " + std::to_string(revision) + "\n";
  Print(invocation.out, "Compacting" + with);
  const auto done = client.Compact({.revision = revision, .physical = true}, kAfterwards);
  if (!done.ok()) return FailedCall(done.status());
  Print(invocation.out, "Compacted" + with);
  return {};
}

Outcome Defragment(const Invocation& invocation, etcd::Client& client,
                   const std::vector<std::string>& endpoints) {
  for (const std::string& endpoint : endpoints) {
    Print(invocation.out, "Defragmenting " + base::Quote(endpoint) + "\n");
    const auto done = client.Defragment(endpoint, kAfterwards);
    if (!done.ok()) return FailedCall(done.status());
    Print(invocation.out, "Defragmented " + base::Quote(endpoint) + "\n");
  }
  return {};
}

// What the flags want done when the keys are deleted.
Outcome CleanUp(const Invocation& invocation, etcd::Client& client,
                const std::vector<std::string>& endpoints,
                const etcd::Result<etcd::DeleteResponse>& deleted) {
  if (deleted.ok() && invocation.flags.GetBool("auto-compact")) {
    Outcome outcome = Compact(invocation, client, deleted->header.revision);
    if (!outcome.ok()) return outcome;
  }
  if (!invocation.flags.GetBool("auto-defrag")) return {};
  return Defragment(invocation, client, endpoints);
}

// Tells on standard error how far it is, on one line, until it is destroyed.
class Progress {
 public:
  Progress(std::FILE* err, uint64_t whole, std::function<uint64_t()> part)
      : err_(err), whole_(" / " + std::to_string(whole)), part_(std::move(part)) {
    repeated_ = std::make_unique<Repeated>("progress", kProgressPeriod, [this] { Show(); });
  }
  ~Progress() {
    repeated_.reset();
    Show();
    Print(err_, "\n");
  }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

 private:
  void Show() const { Print(err_, "\r" + std::to_string(part_()) + whole_); }

  std::FILE* const err_;
  const std::string whole_;
  const std::function<uint64_t()> part_;
  std::unique_ptr<Repeated> repeated_;
};

Outcome Conclude(const Invocation& invocation, const Verdict& verdict) {
  Print(invocation.out, verdict.text);
  return {verdict.passed ? kExitSuccess : kExitError};
}

// False if it cannot be had, which is told.
bool ReadMemory(const Invocation& invocation, const Globals& globals, const char* when,
                double* bytes) {
  const base::Result<double> memory = FetchResidentMemory(globals.client);
  if (memory.ok()) {
    *bytes = *memory;
    return true;
  }
  Print(invocation.out, std::string(memory.status().message()) + "\n" +
                            "FAIL: Could not read process_resident_memory_bytes " + when +
                            " the put operations.\n");
  return false;
}

}  // namespace

Outcome RunCheckPerf(const Invocation& invocation) {
  Workload workload{};
  if (Outcome outcome = FindWorkload(invocation.flags, &workload); !outcome.ok()) return outcome;
  Globals globals;
  if (Outcome outcome = ReadGlobals(invocation, &globals); !outcome.ok()) return outcome;
  runtime::posix::Parker parker;
  // Behind the question for a password, which a signal ends, too; before the clients.
  const Interruption interruption([&parker] { parker.Unpark(); });
  Clients clients;
  Outcome outcome = OpenClients(globals, workload.clients, &clients);
  if (!outcome.ok()) return outcome;
  etcd::Client& client = *clients.front();
  const std::string& prefix = invocation.flags.GetString("prefix");
  const etcd::CallOptions until_signal{.timeout = etcd::kNoTimeout,
                                       .cancellation = interruption.handle()};
  outcome = RefuseKeys(client, prefix, "'", until_signal);
  if (!outcome.ok()) return outcome;

  const runtime::posix::Clock clock;
  auto progress = std::make_unique<Progress>(
      invocation.err, kPerformanceTime.count(), [&clock, begun = clock.Now()] {
        const auto passed = std::chrono::duration_cast<std::chrono::seconds>(clock.Now() - begun);
        return std::min(passed, kPerformanceTime).count();
      });
  MeasuredCalls puts(/*kinds=*/1,
                     {.clients = workload.clients,
                      .rate = static_cast<double>(workload.puts_per_second),
                      .from_due = false,
                      // Compat: what the clients fall further behind with is left out.
                      .late_max = workload.clients,
                      .time = kPerformanceTime},
                     PutsBy(&clients, prefix, kPerformanceSizes), &parker);
  puts.Wait([&interruption] { return interruption.handle().canceled(); });
  const LoadReport report = ReportOf(puts);
  progress.reset();

  const auto deleted = client.Delete(etcd::Prefix(prefix), kAfterwards);
  if (!deleted.ok()) {
    Print(invocation.out,
          "FAIL: Cleanup failed during key deletion: ERROR(" + deleted.status().ToString() + ")\n");
  }
  outcome = CleanUp(invocation, client, globals.client.endpoints, deleted);
  if (!outcome.ok()) return outcome;
  return Conclude(invocation, JudgePerformance(report, workload.puts_per_second));
}

Outcome RunCheckDatascale(const Invocation& invocation) {
  Workload workload{};
  if (Outcome outcome = FindWorkload(invocation.flags, &workload); !outcome.ok()) return outcome;
  Globals globals;
  Outcome outcome = ReadGlobals(invocation, &globals);
  if (!outcome.ok()) return outcome;
  Clients clients;
  if (outcome = OpenClients(globals, workload.clients, &clients); !outcome.ok()) return outcome;
  etcd::Client& client = *clients.front();
  const std::string& prefix = invocation.flags.GetString("prefix");
  if (outcome = RefuseKeys(client, prefix, "", kForEver); !outcome.ok()) return outcome;
  double before = 0;
  double after = 0;
  if (!ReadMemory(invocation, globals, "before", &before)) return {kExitError};

  Print(invocation.out, "Start data scale check for work load [" + std::to_string(workload.puts) +
                            " key-value pairs, " + std::to_string(kBytesOfPair) +
                            " bytes per key-value, " + std::to_string(workload.clients) +
                            " concurrent clients].\n");
  runtime::posix::Parker parker;
  MeasuredCalls puts(/*kinds=*/1, {.clients = workload.clients, .total = workload.puts},
                     PutsBy(&clients, prefix, kMemorySizes), &parker);
  auto progress = std::make_unique<Progress>(invocation.err, workload.puts,
                                             [&puts] { return puts.answered(); });
  puts.Wait([] { return false; });
  const LoadReport report = ReportOf(puts);
  progress.reset();

  if (!ReadMemory(invocation, globals, "after", &after)) return {kExitError};
  const auto deleted = client.Delete(etcd::Prefix(prefix), kForEver);
  if (!deleted.ok()) return FailedCall(deleted.status());
  outcome = CleanUp(invocation, client, globals.client.endpoints, deleted);
  if (!outcome.ok()) return outcome;
  return Conclude(invocation, JudgeMemory(report, before, after));
}

}  // namespace ctl
