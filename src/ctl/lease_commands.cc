#include "ctl/lease_commands.h"

#include <string>
#include <utility>

#include "base/lease_text.h"
#include "ctl/connection.h"
#include "ctl/requests.h"

namespace ctl {
namespace {

// Of the command's only argument.
Outcome ReadLeaseId(const Invocation& invocation, const char* complaint, int64_t* id) {
  if (invocation.arguments.size() != 1) return Failed(kExitBadArguments, complaint);
  if (Outcome outcome = ReadNumber(invocation.arguments[0], 16, id); !outcome.ok()) {
    return Failed(kExitBadArguments,
                  "bad lease ID arg (" + outcome.error + "), expecting ID in Hex");
  }
  return {};
}

Outcome FailedTo(const char* what, const etcd::Status& status) {
  Outcome outcome = FailedCall(status);
  outcome.error = "failed to " + std::string(what) + " lease (" + outcome.error + ")";
  return outcome;
}

Outcome BadConnection(const etcd::Status& status) {
  Outcome outcome = FailedCall(status);
  outcome.exit_code = kExitBadConnection;
  return outcome;
}

// Renews it until it is gone.
Outcome KeepAlive(const Invocation& invocation, const Connection& connection, int64_t id) {
  Outcome outcome;
  const etcd::Status status = connection.client->LeaseKeepAlive(
      id, Patient(), [&](const etcd::LeaseKeepAliveResponse& response) {
        outcome = connection.globals.printer->LeaseKeepAlive(response);
        return outcome.ok();
      });
  if (!outcome.ok()) return outcome;
  if (status.code() != etcd::Code::kNotFound) return BadConnection(status);
  PrintCause(invocation.err, status.cause());
  if (connection.globals.printer->format() == "simple") {
    Print(invocation.out, "lease " + base::LeaseText(id) + " expired or revoked.\n");
  }
  return {};
}

}  // namespace

Outcome RunLeaseGrant(const Invocation& invocation) {
  if (invocation.arguments.size() != 1) {
    return Failed(kExitBadArguments, "lease grant command needs TTL argument");
  }
  etcd::LeaseGrantRequest request;
  if (Outcome outcome = ReadNumber(invocation.arguments[0], 10, &request.ttl); !outcome.ok()) {
    return Failed(kExitBadArguments, "bad TTL (" + outcome.error + ")");
  }
  Connection connection;
  if (Outcome outcome = Open(invocation, &connection); !outcome.ok()) return outcome;
  const auto response = connection.client->LeaseGrant(request, connection.globals.call);
  if (!response.ok()) return FailedTo("grant", response.status());
  return connection.globals.printer->LeaseGrant(*response);
}

Outcome RunLeaseRevoke(const Invocation& invocation) {
  int64_t id = 0;
  Outcome outcome = ReadLeaseId(invocation, "lease revoke command needs 1 argument", &id);
  if (!outcome.ok()) return outcome;
  Connection connection;
  if (outcome = Open(invocation, &connection); !outcome.ok()) return outcome;
  const auto response = connection.client->LeaseRevoke(id, connection.globals.call);
  if (!response.ok()) return FailedTo("revoke", response.status());
  return connection.globals.printer->LeaseRevoke(id, *response);
}

Outcome RunLeaseTimeToLive(const Invocation& invocation) {
  int64_t id = 0;
  Outcome outcome =
      ReadLeaseId(invocation, "lease timetolive command needs lease ID as argument", &id);
  if (!outcome.ok()) return outcome;
  Connection connection;
  if (outcome = Open(invocation, &connection); !outcome.ok()) return outcome;
  const bool keys = invocation.flags.GetBool("keys");
  const auto response = connection.client->LeaseTimeToLive(id, keys, Patient());
  if (!response.ok()) return BadConnection(response.status());
  return connection.globals.printer->LeaseTimeToLive(*response, keys);
}

Outcome RunLeaseList(const Invocation& invocation) {
  Connection connection;
  if (Outcome outcome = Open(invocation, &connection); !outcome.ok()) return outcome;
  const auto response = connection.client->LeaseList(Patient());
  if (!response.ok()) return BadConnection(response.status());
  return connection.globals.printer->LeaseList(*response);
}

Outcome RunLeaseKeepAlive(const Invocation& invocation) {
  int64_t id = 0;
  Outcome outcome =
      ReadLeaseId(invocation, "lease keep-alive command needs lease ID as argument", &id);
  if (!outcome.ok()) return outcome;
  Connection connection;
  if (outcome = Open(invocation, &connection); !outcome.ok()) return outcome;
  if (!invocation.flags.GetBool("once")) return KeepAlive(invocation, connection, id);
  const auto response = connection.client->LeaseKeepAliveOnce(id, Patient());
  if (!response.ok()) return BadConnection(response.status());
  return connection.globals.printer->LeaseKeepAlive(*response);
}

}  // namespace ctl
