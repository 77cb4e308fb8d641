#include "config/command.h"

#include <algorithm>
#include <optional>
#include <set>

#include "base/duration_text.h"
#include "base/go_text.h"
#include "config/command_line.h"
#include "config/config_file.h"
#include "config/environment.h"
#include "config/help.h"
#include "config/validate.h"

namespace config {
namespace {

using Given = std::set<std::string_view>;

std::string InitialClusterOf(std::string_view name, const std::vector<Url>& peer_urls) {
  std::vector<std::string> pairs;
  for (const Url& url : peer_urls) {
    pairs.push_back(std::string(name.empty() ? "default" : name) + "=" + url.ToString());
  }
  return base::Join(pairs, ",");
}

// The configuration on its way from what was given to what holds.
class Completion {
 public:
  Completion(ServerConfig config, Given given, const std::string& default_host,
             std::vector<Notice>& notices)
      : config_(std::move(config)),
        given_(std::move(given)),
        default_host_(default_host),
        notices_(notices) {}

  // Defaults that only flags and the environment have.
  void ForFlags() {
    if (given_.count("listen-client-urls") > 0 && given_.count("advertise-client-urls") == 0) {
      config_.cluster.advertise_client_urls.clear();
    }
    const DiscoveryConfig& discovery = config_.discovery;
    const bool discovers =
        !discovery.srv.empty() || !discovery.srv_name.empty() || discovery.has_service();
    if (discovers && given_.count("initial-cluster") == 0) config_.cluster.initial_cluster.clear();
    RaiseTimeout("raft-read-timeout", config_.member.raft_read_timeout);
    RaiseTimeout("raft-write-timeout", config_.member.raft_write_timeout);
  }

  // Defaults that only files have.
  void ForFile() {
    const DiscoveryConfig& discovery = config_.discovery;
    const bool discovers = !discovery.srv.empty() || discovery.has_service();
    if (discovers && config_.cluster.initial_cluster == defaults_.cluster.initial_cluster) {
      config_.cluster.initial_cluster.clear();
    }
    if (config_.security.self_signed_cert_validity_years == 0) {
      config_.security.self_signed_cert_validity_years = 1;
    }
  }

  std::variant<ServerConfig, Print, Misuse, Refusal> Finish() && {
    Deduplicate(config_.log.outputs);
    Deduplicate(config_.discovery.endpoints);
    if (config_.log.outputs.empty()) config_.log.outputs = defaults_.log.outputs;
    Duration& unary = config_.monitoring.warning_unary_request_duration;
    if (unary == Duration::zero()) unary = defaults_.monitoring.warning_unary_request_duration;
    WarnOfDeprecated();
    if (const base::Status valid = Validate(config_, notices_); !valid.ok()) {
      return Refuse(valid.message());
    }
    NameTheMember();
    return std::move(config_);
  }

 private:
  static void Deduplicate(std::vector<std::string>& list) {
    std::sort(list.begin(), list.end());
    list.erase(std::unique(list.begin(), list.end()), list.end());
  }

  void RaiseTimeout(std::string_view flag, Duration& timeout) {
    constexpr Duration kLeast = std::chrono::seconds(5);
    if (timeout >= kLeast) return;
    timeout = kLeast;
    notices_.push_back(
        {Severity::kInfo,
         std::string(flag) + " increased to minimum value: " + base::FormatDuration(kLeast),
         {}});
  }

  void WarnOfDeprecated() {
    if (given_.count("max-snapshots") > 0) {
      notices_.push_back({Severity::kWarn,
                          "--max-snapshots is deprecated in 3.6 and will be decommissioned in 3.8.",
                          {}});
    }
    if (given_.count("v2-deprecation") > 0) {
      notices_.push_back({Severity::kWarn,
                          "--v2-deprecation is deprecated and scheduled for removal in v3.8. The "
                          "default value is enforced, ignoring user input.",
                          {}});
    }
  }

  // A member that listens on all addresses advertises one that others can reach, if it was told
  // none; its name alone is enough to found a cluster of one.
  void NameTheMember() {
    ClusterConfig& cluster = config_.cluster;
    const std::string& name = config_.member.name;
    bool used = AdvertiseDefaultHost(config_.listen.peer_urls,
                                     defaults_.cluster.initial_advertise_peer_urls,
                                     cluster.initial_advertise_peer_urls);
    if (name != defaults_.member.name &&
        cluster.initial_cluster == defaults_.cluster.initial_cluster) {
      cluster.initial_cluster = InitialClusterOf(name, cluster.initial_advertise_peer_urls);
    }
    used |=
        AdvertiseDefaultHost(config_.listen.client_urls, defaults_.cluster.advertise_client_urls,
                             cluster.advertise_client_urls);
    if (used) {
      notices_.push_back(
          {Severity::kInfo, "detected default host for advertise", {{"host", default_host_}}});
    }
    if (config_.member.data_dir.empty()) {
      config_.member.data_dir = name + ".etcd";
      notices_.push_back({Severity::kWarn,
                          "'data-dir' was empty; using default",
                          {{"data-dir", config_.member.data_dir}}});
    }
  }

  bool AdvertiseDefaultHost(const std::vector<Url>& listen, const std::vector<Url>& usual,
                            std::vector<Url>& advertised) {
    if (default_host_.empty() || advertised != usual || listen.front().host != "0.0.0.0") {
      return false;
    }
    advertised.front().host = default_host_;
    advertised.front().port = listen.front().port;
    return true;
  }

  const ServerConfig defaults_;
  ServerConfig config_;
  Given given_;
  const std::string& default_host_;
  std::vector<Notice>& notices_;
};

// The path of the configuration file; empty if flags and environment count.
std::string ConfigFilePath(const CommandLine& line, const Environment& environment) {
  if (!line.config.config_file.empty()) return line.config.config_file;
  const auto variable = environment.find("ETCD_CONFIG_FILE");
  return variable == environment.end() ? "" : variable->second;
}

void RunFile(const std::string& path, const World& world, Command& command) {
  const base::Result<std::string> text = world.read_file(path);
  if (!text.ok()) {
    command.action = Refuse(text.status().message());
    return;
  }
  base::Result<FileConfig> file = ParseConfigFile(path, *text);
  if (!file.ok()) {
    command.action = Refuse(file.status().message());
    return;
  }
  command.notices.push_back(
      {Severity::kInfo,
       "loaded server configuration, other configuration command line flags and environment "
       "variables will be ignored if provided",
       {{"path", path}}});
  Completion completion(std::move(file->config), std::move(file->given), world.default_host,
                        command.notices);
  completion.ForFile();
  command.action = std::move(completion).Finish();
}

void RunFlags(CommandLine line, const World& world, Command& command) {
  const base::Status applied =
      ApplyEnvironment(world.environment, line.config, line.given, command.notices);
  if (!command.notices.empty() && command.notices.back().severity == Severity::kFatal) {
    command.action = Refusal{std::move(command.notices.back())};
    command.notices.pop_back();
    return;
  }
  if (!applied.ok()) {
    command.action = Refuse(applied.message());
    return;
  }
  Completion completion(std::move(line.config), std::move(line.given), world.default_host,
                        command.notices);
  completion.ForFlags();
  command.action = std::move(completion).Finish();
}

}  // namespace

Refusal Refuse(std::string_view text) {
  return {{Severity::kWarn, "failed to verify flags", {{"error", std::string(text)}}}};
}

Command ParseCommand(std::span<const std::string> arguments, const World& world) {
  Command command;
  base::Result<CommandLine> line = ParseCommandLine(arguments);
  if (!line.ok()) {
    command.action = Misuse{std::string(line.status().message()) + "\n" + UsageText() +
                            MeantInPlaceOf(arguments)};
  } else if (line->help) {
    command.action = Print{HelpText()};
  } else if (line->stray) {
    command.action = Refuse(base::Quote(*line->stray) + " is not a valid flag");
  } else if (line->version) {
    command.action = Print{VersionText()};
  } else if (const std::string path = ConfigFilePath(*line, world.environment); !path.empty()) {
    RunFile(path, world, command);
  } else {
    RunFlags(*std::move(line), world, command);
  }
  return command;
}

}  // namespace config
