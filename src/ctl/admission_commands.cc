#include "ctl/admission_commands.h"

#include <etcd/admission.h>

#include <algorithm>
#include <chrono>
#include <limits>
#include <string>

#include "ctl/connection.h"

namespace ctl {
namespace {

Outcome CheckName(const Invocation& invocation, const std::string& command) {
  if (invocation.arguments.size() == 1) return {};
  return Failed(kExitBadArguments, command + " command requires the rule's name as its argument");
}

// What the member says of a rule that is none needs no check here; what cannot be sent does.
Outcome ReadRule(const Invocation& invocation, etcd::AdmissionRule* rule) {
  const Flags& flags = invocation.flags;
  rule->name = invocation.arguments[0];
  rule->user = flags.GetString("for-user");
  rule->prefix = flags.GetString("prefix");
  rule->requests_per_second = flags.GetUint("requests-per-second");
  rule->bytes_per_second = flags.GetUint("bytes-per-second");
  constexpr uint64_t kMost = std::numeric_limits<uint32_t>::max();
  rule->memory_percent = static_cast<uint32_t>(std::min(flags.GetUint("memory-percent"), kMost));
  const std::chrono::nanoseconds burst = flags.GetDuration("burst");
  if (burst < std::chrono::nanoseconds(0)) {
    return Failed(kExitBadArguments, "--burst must not be negative");
  }
  rule->burst = std::chrono::ceil<std::chrono::milliseconds>(burst);
  return {};
}

Outcome ShowChange(const Connection& connection, const std::string& said,
                   const etcd::Result<etcd::AdmissionChangeResponse>& response) {
  if (!response.ok()) return FailedCall(response.status());
  return connection.globals.printer->AdmissionChange(said, *response);
}

}  // namespace

Outcome RunAdmissionSet(const Invocation& invocation) {
  if (Outcome outcome = CheckName(invocation, "admission set"); !outcome.ok()) return outcome;
  etcd::AdmissionRule rule;
  if (Outcome outcome = ReadRule(invocation, &rule); !outcome.ok()) return outcome;
  Connection connection;
  if (Outcome outcome = Open(invocation, &connection); !outcome.ok()) return outcome;
  return ShowChange(
      connection, "Admission rule " + rule.name + " set",
      etcd::Admission(connection.client.get()).RuleSet(rule, connection.globals.call));
}

Outcome RunAdmissionDelete(const Invocation& invocation) {
  if (Outcome outcome = CheckName(invocation, "admission delete"); !outcome.ok()) return outcome;
  Connection connection;
  if (Outcome outcome = Open(invocation, &connection); !outcome.ok()) return outcome;
  const std::string& name = invocation.arguments[0];
  return ShowChange(
      connection, "Admission rule " + name + " deleted",
      etcd::Admission(connection.client.get()).RuleDelete(name, connection.globals.call));
}

Outcome RunAdmissionList(const Invocation& invocation) {
  if (!invocation.arguments.empty()) {
    return Failed(kExitBadArguments, "admission list command requires no arguments");
  }
  Connection connection;
  if (Outcome outcome = Open(invocation, &connection); !outcome.ok()) return outcome;
  const auto response = etcd::Admission(connection.client.get()).RuleList(connection.globals.call);
  if (!response.ok()) return FailedCall(response.status());
  return connection.globals.printer->AdmissionRuleList(*response);
}

}  // namespace ctl
