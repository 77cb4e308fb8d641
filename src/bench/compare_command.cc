#include "bench/compare_command.h"

#include <utility>

#include "bench/comparison.h"
#include "bench/output.h"
#include "bench/server_cpu.h"
#include "bench/target_leader.h"

namespace bench {
namespace {

using cli::Invocation;
using cli::Outcome;

// One of the two, with what its rounds were.
struct Side {
  Setup setup;
  std::vector<Round>* rounds;
};

Outcome MeasureRound(const Invocation& invocation, const char* name, Measure measure,
                     Control* control, const Side& side) {
  Round round{.measurement = {.command = name,
                              .endpoints = side.setup.client.endpoints,
                              .connections = side.setup.connections,
                              .clients = side.setup.clients,
                              .from_due = side.setup.from_due},
              .server_cpu_seconds = {}};
  const std::optional<double> before = FetchServerCpu(side.setup.client);
  const Measuring measuring{invocation, side.setup, control, &round.measurement};
  if (Outcome outcome = measure(measuring); !outcome.ok()) return outcome;
  const std::optional<double> after = FetchServerCpu(side.setup.client);
  if (before.has_value() && after.has_value()) round.server_cpu_seconds = *after - *before;
  const Cut& cut = round.measurement.cut;
  if (!cut.failure.empty()) return Refuse(invocation, cut.failure);
  // A round that was cut off cannot be compared.
  if (!cut.interrupted) side.rounds->push_back(std::move(round));
  return {};
}

Outcome Print(const Invocation& invocation, const Comparison& comparison) {
  const std::string& output = invocation.flags.GetString("output");
  if (output == "json") {
    cli::Print(invocation.out, JsonReport(comparison));
  } else if (output == "csv") {
    cli::Print(invocation.out, CsvReport(comparison));
  } else {
    cli::Print(invocation.out, TextReport(comparison));
  }
  bool has_failed = false;
  for (const std::vector<Round>* rounds : {&comparison.a, &comparison.b}) {
    for (const Round& round : *rounds) has_failed |= round.measurement.failed() > 0;
  }
  has_failed = has_failed && invocation.flags.GetBool("fail-on-error");
  return {has_failed ? cli::kExitError : cli::kExitSuccess};
}

}  // namespace

Outcome RunCompareCommand(const Invocation& invocation, const char* name, Measure measure) {
  Outcome outcome = CheckOutput(invocation);
  if (!outcome.ok()) return outcome;
  if (invocation.flags.GetBool("report-perfdash") || !invocation.flags.GetString("plot").empty()) {
    return Refuse(invocation, "--plot and --report-perfdash are of one cluster, not of two");
  }
  const uint64_t rounds = invocation.flags.GetUint("rounds");
  if (rounds == 0) return Refuse(invocation, "expected positive --rounds, got (0)");
  if (invocation.flags.GetStrings("endpoints-b").empty()) {
    return Refuse(invocation, "--endpoints-b is missing");
  }
  Comparison comparison{.command = name,
                        .endpoints_a = EndpointsOf(invocation.flags, "endpoints"),
                        .endpoints_b = EndpointsOf(invocation.flags, "endpoints-b")};
  Side a{.setup = {}, .rounds = &comparison.a};
  if (outcome = ReadSetup(invocation, &a.setup); !outcome.ok()) return outcome;
  Side b{.setup = a.setup, .rounds = &comparison.b};
  outcome = SetEndpoints(invocation, comparison.endpoints_b, &b.setup);
  if (!outcome.ok()) return outcome;
  Control control;
  for (Side* side : {&a, &b}) {
    outcome = AimAtLeader(invocation, control, &side->setup);
    if (!outcome.ok()) return outcome;
  }
  for (uint64_t round = 0; round < rounds && !control.interrupted(); ++round) {
    for (const Side* side : {&a, &b}) {
      outcome = MeasureRound(invocation, name, measure, &control, *side);
      if (!outcome.ok()) return outcome;
      if (control.interrupted()) break;
    }
  }
  if (comparison.a.size() > comparison.b.size()) comparison.a.pop_back();
  if (outcome = Print(invocation, comparison); !outcome.ok()) return outcome;
  return {control.interrupted() ? cli::kExitInterrupted : cli::kExitSuccess};
}

}  // namespace bench
