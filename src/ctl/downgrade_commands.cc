#include "ctl/downgrade_commands.h"

#include <string>

#include "ctl/connection.h"

namespace ctl {
namespace {

// The version is the command's only argument.
Outcome ReadTarget(const Invocation& invocation, std::string* target) {
  if (invocation.arguments.empty()) {
    return Failed(kExitBadArguments, "TARGET_VERSION not provided");
  }
  if (invocation.arguments.size() > 1) return Failed(kExitBadArguments, "too many arguments");
  *target = invocation.arguments[0];
  if (target->empty()) return Failed(kExitBadArguments, "target version not provided");
  return {};
}

Outcome Run(const Invocation& invocation, etcd::DowngradeAction action, const std::string& target) {
  Connection connection;
  if (Outcome outcome = Open(invocation, &connection); !outcome.ok()) return outcome;
  const auto response = connection.client->Downgrade(action, target, connection.globals.call);
  if (!response.ok()) return FailedCall(response.status());
  return connection.globals.printer->Downgrade(action, *response);
}

}  // namespace

Outcome RunDowngradeValidate(const Invocation& invocation) {
  std::string target;
  if (Outcome outcome = ReadTarget(invocation, &target); !outcome.ok()) return outcome;
  return Run(invocation, etcd::DowngradeAction::kValidate, target);
}

Outcome RunDowngradeEnable(const Invocation& invocation) {
  std::string target;
  if (Outcome outcome = ReadTarget(invocation, &target); !outcome.ok()) return outcome;
  return Run(invocation, etcd::DowngradeAction::kEnable, target);
}

// Compat: arguments are not looked at.
Outcome RunDowngradeCancel(const Invocation& invocation) {
  return Run(invocation, etcd::DowngradeAction::kCancel, "");
}

}  // namespace ctl
