#include "utl/recover_command.h"

#include <algorithm>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "ctl/connection.h"
#include "offline/files.h"
#include "server/cluster_recovery.h"
#include "server/new_directory.h"
#include "utl/founding_flags.h"
#include "utl/opening.h"
#include "utl/printer.h"
#include "utl/quorum_check.h"
#include "utl/recover_report.h"
#include "utl/recover_verdict.h"
#include "utl/survivor_files.h"

namespace utl {
namespace {

using Survivors = std::vector<std::unique_ptr<SurvivorFiles>>;

std::vector<std::string> EndpointsToAsk(const std::vector<Survivor>& survivors,
                                        const cli::Flags& flags) {
  std::vector<std::string> endpoints = EndpointsOf(survivors, flags.GetStrings("endpoints"));
  const std::vector<std::string>& others = flags.GetStrings("endpoints-of-others");
  std::erase_if(endpoints, [&](const std::string& endpoint) {
    return std::find(others.begin(), others.end(), endpoint) != others.end();
  });
  return endpoints;
}

etcd::ClientOptions WhoAsks(const cli::Invocation& invocation) {
  const cli::Flags& flags = invocation.flags;
  etcd::ClientOptions options;
  options.tls = {.ca_file = flags.GetString("cacert"),
                 .cert_file = flags.GetString("cert"),
                 .key_file = flags.GetString("key")};
  ctl::ReadCredentials(invocation, flags.GetString("user"), flags.GetString("password"),
                       "Password: ", &options);
  return options;
}

RecoverReport Report(const Survivors& opened, const cli::Invocation& invocation) {
  const cli::Flags& flags = invocation.flags;
  RecoverReport report;
  for (const auto& each : opened) report.survivors.push_back(each->survivor());
  report.verdict = Judge(report.survivors);
  report.answers = AskEndpoints(EndpointsToAsk(report.survivors, flags), WhoAsks(invocation),
                                flags.GetDuration("command-timeout"));
  report.quorum = JudgeAnswers(report.survivors, report.answers);
  return report;
}

// Why nothing is to be rebuilt.
base::Status CheckMayAct(const RecoverReport& report) {
  const auto refused = [](const std::string& what) {
    return base::Status(base::Code::kFailedPrecondition, what);
  };
  if (!report.quorum.quorum.empty()) {
    return refused("a quorum of the cluster is alive: " + report.quorum.quorum +
                   "; replace the members that are lost, by etcdctl member remove and add");
  }
  if (!report.quorum.doubt.empty()) {
    return refused(report.quorum.doubt +
                   "; stop it, give what TLS or authentication need, or name it in "
                   "--endpoints-of-others if it is none of the cluster's");
  }
  if (!report.verdict.chosen.has_value()) {
    return refused("none of the directories can be gone on from; restore a snapshot");
  }
  return {};
}

base::Status Rebuild(offline::Files& files, const server::Options& target,
                     const SurvivorFiles& chosen, const cli::Invocation& invocation) {
  const Opening opening(&files, invocation.err, "recovering", Opening::Durability::kAtTheEnd);
  const server::SurvivorLog& log = chosen.log();
  const base::Index applied = chosen.survivor().consistent_index;
  const uint64_t position = applied - log.base.index;
  const base::Term term = position == 0 ? log.base.term : log.entries[position - 1].term;
  return server::RecoverCluster(target, opening.environment(),
                                {.survivor = &chosen.options(),
                                 .cluster = chosen.survivor().cluster,
                                 .etcd_database = chosen.etcd_database(),
                                 .database = chosen.database(),
                                 .applied = {term, applied},
                                 .entries = std::span(log.entries).subspan(position),
                                 .bump_revision = invocation.flags.GetUint("bump-revision")});
}

base::Status Recover(offline::Files& files, const cli::Invocation& invocation) {
  const cli::Flags& flags = invocation.flags;
  const std::string& output = flags.GetString("output-dir");
  server::Options target;
  if (!output.empty()) {
    ASSIGN_OR_RETURN(target, FoundingOptions(flags, output, flags.GetString("output-wal-dir")));
    // Before members are asked, which may take long.
    server::NewDirectory place(&files.disk(), target, server::NewDirectory::Making::kInside);
    RETURN_IF_ERROR(place.CheckPlace());
  }
  ASSIGN_OR_RETURN(const Survivors survivors, OpenSurvivors(files, flags.GetStrings("data-dir"),
                                                            flags.GetStrings("wal-dir"), flags));
  const RecoverReport report = Report(survivors, invocation);
  cli::Print(invocation.out, Render(report, flags.GetString("write-out")));
  if (output.empty()) return {};
  RETURN_IF_ERROR(CheckMayAct(report));
  return Rebuild(files, target, *survivors[*report.verdict.chosen], invocation);
}

cli::Outcome RunRecover(const cli::Invocation& invocation) {
  const cli::Flags& flags = invocation.flags;
  if (cli::Outcome outcome = CheckFormat(invocation); !outcome.ok()) return outcome;
  if (flags.GetString("write-out") == "protobuf") {
    return cli::Failed(cli::kExitBadFeature, "protobuf not supported as output format");
  }
  if (const base::Status bump = CheckBump(flags); !bump.ok()) {
    return cli::Failed(cli::kExitBadArguments, std::string(bump.message()));
  }
  const size_t logs = flags.GetStrings("wal-dir").size();
  if (logs != 0 && logs != flags.GetStrings("data-dir").size()) {
    return cli::Failed(cli::kExitBadArguments,
                       "--wal-dir must be given once for each --data-dir, in the same order");
  }
  offline::Files files;
  return offline::Failure(Recover(files, invocation));
}

std::vector<cli::FlagSpec> RecoverFlags() {
  using Type = cli::FlagSpec::Type;
  std::vector<cli::FlagSpec> flags = {
      {"data-dir", 0, Type::kStrings, "",
       "Path to the data directory of a member that is left; once for each of them",
       /*required=*/true},
      {"wal-dir", 0, Type::kStrings, "",
       "Path to its WAL directory, in the order of --data-dir (use --data-dir if none given)"},
      {"output-dir", 0, Type::kString, "",
       "Path to the data directory to be made (nothing is made if none given)"},
      {"output-wal-dir", 0, Type::kString, "",
       "Path to the WAL directory to be made (use --output-dir if none given)"},
      {"endpoints", 0, Type::kStrings, "",
       "Further client URLs of the old cluster at which to look for a quorum"},
      {"endpoints-of-others", 0, Type::kStrings, "",
       "Client URLs of old members at which something else is by now, and which are not asked"},
      {"cacert", 0, Type::kString, "",
       "Verify certificates of the old cluster's members using this CA bundle"},
      {"cert", 0, Type::kString, "", "Identify to them using this TLS certificate file"},
      {"key", 0, Type::kString, "", "Identify to them using this TLS key file"},
      {"user", 0, Type::kString, "",
       "username[:password] to ask them with, if authentication is enabled (prompt if password is "
       "not supplied)"},
      {"password", 0, Type::kString, "", "Password of that user"},
      {"command-timeout", 0, Type::kDuration, "5s", "How long to wait for a member's answer"}};
  for (cli::FlagSpec& flag : FoundingFlags()) flags.push_back(std::move(flag));
  return flags;
}

}  // namespace

cli::Command RecoverCommand() {
  return {
      .name = "recover",
      .use = "recover --data-dir {dir}... [--output-dir {dir}] [options]",
      .short_text = "Makes a new cluster of what is left of one without a quorum",
      .flags = RecoverFlags(),
      .run = RunRecover,
      .argument_count = 0,
      .yields_prefixes = true,
  };
}

}  // namespace utl
