#include "bench/measure_command.h"

#include "bench/output.h"
#include "bench/target_leader.h"

namespace bench {

cli::Outcome RunMeasureCommand(const cli::Invocation& invocation, const char* name,
                               Measure measure) {
  cli::Outcome outcome = CheckOutput(invocation);
  if (!outcome.ok()) return outcome;
  Setup setup;
  if (outcome = ReadSetup(invocation, &setup); !outcome.ok()) return outcome;
  Control control;
  if (outcome = AimAtLeader(invocation, control, &setup); !outcome.ok()) return outcome;
  Measurement result{.command = name,
                     .endpoints = setup.client.endpoints,
                     .connections = setup.connections,
                     .clients = setup.clients,
                     .from_due = setup.from_due};
  const Measuring measuring{invocation, setup, &control, &result};
  if (outcome = measure(measuring); !outcome.ok()) return outcome;
  return Output(invocation, result);
}

}  // namespace bench
