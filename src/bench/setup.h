#pragma once

#include <etcd/options.h>

#include <string>

#include "cli/command.h"
#include "client/settings.h"

namespace bench {

// What the flags that all commands have say: whom to ask, as whom, over how much, for how long.
struct Setup {
  etcd::ClientOptions client;
  client::Settings settings;  // the same, checked
  size_t connections = 1;
  size_t clients = 1;
  size_t threads = 1;  // at most as many as connections
  // Within which a connection must be there.
  runtime::Duration dial_timeout{};
  bool keeps_seconds = false;
  bool from_due = true;
};

// Asks for the password if a user has none. Before threads are started.
cli::Outcome ReadSetup(const cli::Invocation& invocation, Setup* setup);

// The endpoints of a flag.
std::vector<std::string> EndpointsOf(const cli::Flags& flags, const std::string& name);

// Goes to these endpoints from now on.
cli::Outcome SetEndpoints(const cli::Invocation& invocation, std::vector<std::string> endpoints,
                          Setup* setup);

// Compat: prints what is wrong without a word before it, and ends with the status 1.
cli::Outcome Refuse(const cli::Invocation& invocation, const std::string& why);

// A flag that counts something, which may not be less than zero; then kInvalidArgument's text is
// printed.
cli::Outcome ReadCount(const cli::Invocation& invocation, const std::string& name, uint64_t* value);

}  // namespace bench
