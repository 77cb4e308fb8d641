#pragma once

#include <etcd/client.h>

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "ctl/command.h"
#include "ctl/printer.h"

namespace ctl {

// What the global flags and the environment say: how to reach the cluster, how to print.
struct Globals {
  etcd::ClientOptions client;
  etcd::CallOptions call;
  std::unique_ptr<Printer> printer;
};

// Takes what the environment sets into the flags and reads them. A variable that is set together
// with its flag ends the command; an unknown one is warned about, but for those with a value that
// the command reads itself.
using OwnVariables = std::set<std::string>;
Outcome ReadGlobals(const Invocation& invocation, Globals* globals,
                    const OwnVariables& own_variables = {});

// Of one flag, a text, that a command needs which reaches no cluster: what the environment sets.
void TakeVariable(Flags& flags, const std::string& name);

// What the global flags are set to, as lines of an environment, with *** for what is secret.
std::string FlagLines(const Flags& flags);

// Who asks, if anybody is named: `user` may have the password behind a colon. Where there is none,
// `prompt` asks for it.
void ReadCredentials(const Invocation& invocation, const std::string& user,
                     const std::string& password, const char* prompt, etcd::ClientOptions* options);

// Whether it can be connected to at all; a client cannot be made for another.
bool IsEndpoint(const std::string& text);

// Compat: of several endpoints those that are none are passed over.
Outcome Connect(const etcd::ClientOptions& options, std::unique_ptr<etcd::Client>* client);

// Both of them.
struct Connection {
  Globals globals;
  std::unique_ptr<etcd::Client> client;
};
Outcome Open(const Invocation& invocation, Connection* connection,
             const OwnVariables& own_variables = {});

// The endpoints of the flag, or with --cluster those of all members.
Outcome ListEndpoints(const Invocation& invocation, const Globals& globals,
                      std::vector<std::string>* endpoints);

// Compat: of commands that wait as long as it takes, whatever --command-timeout says.
inline etcd::CallOptions Patient() {
  return {.timeout = etcd::kNoTimeout};
}

inline Outcome FailedCall(const etcd::Status& status) {
  return {kExitError, status.ToString(), status.cause()};
}

}  // namespace ctl
