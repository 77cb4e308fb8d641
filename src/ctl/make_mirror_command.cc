#include "ctl/make_mirror_command.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>

#include "cli/output.h"
#include "cli/progress.h"
#include "ctl/connection.h"
#include "ctl/mirror.h"
#include "ctl/repeated.h"

namespace ctl {
namespace {

constexpr std::chrono::seconds kReportPeriod(30);

Outcome OpenDestination(const Invocation& invocation, const Globals& globals,
                        std::unique_ptr<etcd::Client>* client) {
  const Flags& flags = invocation.flags;
  etcd::ClientOptions options = globals.client;
  options.endpoints = {invocation.arguments[0]};
  options.tls = {};
  options.tls.cert_file = flags.GetString("dest-cert");
  options.tls.key_file = flags.GetString("dest-key");
  options.tls.ca_file = flags.GetString("dest-cacert");
  options.use_tls = !flags.GetBool("dest-insecure-transport");
  options.user.clear();
  options.password.clear();
  options.token.clear();
  ReadCredentials(invocation, flags.GetString("dest-user"), flags.GetString("dest-password"),
                  "Destination Password: ", &options);
  return Connect(options, client);
}

MirrorOptions ReadOptions(const Flags& flags) {
  MirrorOptions options{.prefix = flags.GetString("prefix"),
                        .destination_prefix = flags.GetString("dest-prefix"),
                        .max_txn_ops = flags.GetUint("max-txn-ops")};
  // Compat: from the first revision on is all there is.
  if (const int64_t revision = flags.GetInt("rev"); revision > 1) options.revision = revision;
  // Compat: where a mirror goes on at a revision, no prefix for the copies is an empty one.
  if (options.revision == 0 && !flags.GetBool("no-dest-prefix") &&
      options.destination_prefix.empty()) {
    options.destination_prefix = options.prefix;
  }
  return options;
}

}  // namespace

Outcome RunMakeMirror(const Invocation& invocation) {
  if (invocation.arguments.size() != 1) {
    return Failed(kExitBadArguments, "make-mirror takes one destination argument");
  }
  Globals globals;
  if (Outcome outcome = ReadGlobals(invocation, &globals); !outcome.ok()) return outcome;
  std::unique_ptr<etcd::Client> destination;
  if (Outcome outcome = OpenDestination(invocation, globals, &destination); !outcome.ok()) {
    return outcome;
  }
  std::unique_ptr<etcd::Client> source;
  if (Outcome outcome = Connect(globals.client, &source); !outcome.ok()) return outcome;
  const Flags& flags = invocation.flags;
  if (flags.GetBool("no-dest-prefix") && !flags.GetString("dest-prefix").empty()) {
    return Failed(kExitBadArguments,
                  "`--dest-prefix` and `--no-dest-prefix` cannot be set at the same time, choose "
                  "one");
  }
  MirrorOptions options = ReadOptions(flags);
  auto progress = std::make_unique<cli::Progress>(invocation.err, "mirroring", "keys");
  options.on_keys = [&progress](uint64_t done, uint64_t total) {
    if (progress == nullptr) return;
    progress->Show(done, total);
    if (done == total) progress.reset();  // changes follow, of which nobody knows how many
  };
  etcd::Cancellation end;
  options.cancellation = end;
  Mirror mirror(source.get(), destination.get(), options);
  const Repeated report("mirror-report", kReportPeriod, [&mirror, &invocation, &end] {
    Print(invocation.out, std::to_string(mirror.copied()) + "\n");
    if (!cli::OutcomeOfOutput(invocation.out).ok()) end.Cancel();
  });
  const etcd::Status ended = mirror.Run();
  if (Outcome outcome = cli::OutcomeOfOutput(invocation.out); !outcome.ok()) return outcome;
  return FailedCall(ended);
}

}  // namespace ctl
