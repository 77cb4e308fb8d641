#include "utl/founding_flags.h"

#include "app/initial_cluster.h"
#include "app/server_options.h"
#include "config/url.h"
#include "offline/files.h"

namespace utl {

std::vector<cli::FlagSpec> FoundingFlags() {
  using Type = cli::FlagSpec::Type;
  return {{"initial-cluster", 0, Type::kString, "default=http://localhost:2380",
           "Initial cluster configuration for restore bootstrap"},
          {"initial-cluster-token", 0, Type::kString, "etcd-cluster",
           "Initial cluster token for the etcd cluster during restore bootstrap"},
          {"initial-advertise-peer-urls", 0, Type::kString, "http://localhost:2380",
           "List of this member's peer URLs to advertise to the rest of the cluster"},
          {"name", 0, Type::kString, "default", "Human-readable name for this member"},
          {"bump-revision", 0, Type::kUint, "0",
           "How much to increase the latest revision after restore"},
          {"mark-compacted", 0, Type::kBool, "false",
           "Mark the latest revision after restore as the point of scheduled compaction (required "
           "if --bump-revision > 0, disallowed otherwise)"}};
}

base::Result<server::Options> FoundingOptions(const cli::Flags& flags, const std::string& data_dir,
                                              const std::string& wal_dir) {
  server::Options options;
  options.name = flags.GetString("name");
  options.data_dir = offline::WithoutSlashes(data_dir);
  options.wal_dir = offline::WithoutSlashes(wal_dir);
  options.initial_cluster_token = flags.GetString("initial-cluster-token");
  ASSIGN_OR_RETURN(const std::vector<config::Url> advertised,
                   config::ParseUrls(flags.GetString("initial-advertise-peer-urls")));
  const std::string& text = flags.GetString("initial-cluster");
  ASSIGN_OR_RETURN(const app::InitialCluster initial, config::ParseInitialCluster(text));
  RETURN_IF_ERROR(app::CheckFounding(options.name, initial, advertised, app::ResolveHost));
  RETURN_IF_ERROR(app::SetInitialCluster(text, &options));
  return options;
}

base::Status CheckBump(const cli::Flags& flags) {
  if ((flags.GetUint("bump-revision") > 0) == flags.GetBool("mark-compacted")) return {};
  return {base::Code::kInvalidArgument, "--mark-compacted required if --revision-bump > 0"};
}

}  // namespace utl
