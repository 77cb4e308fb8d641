#pragma once

#include <chrono>
#include <cstdint>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "config/server_config.h"

// Every flag of the server, once. The command line, the environment, configuration files and the
// help all follow this table, so that none of them can forget a flag.

namespace config {

enum class Section : uint8_t {
  kMember,
  kClustering,
  kSecurity,
  kAuth,
  kMonitoring,
  kLogging,
  kTracing,
  kFeatures,
  kUnsafe,
  // Accepted, and without any effect; not in the help.
  kIgnored,
};

// --version: a switch of the command line, no part of the configuration.
struct VersionSwitch {};
// A flag of old that is accepted with any value, or none.
struct IgnoredSwitch {};

// The member of the configuration that a flag sets. Its type decides how texts are read and
// printed: Go's forms for bool, integers and Duration; milliseconds and seconds are unsigned
// integers; vectors and sets are lists joined by commas.
template <typename T>
using Reference = T& (*)(ServerConfig&);
using Target =
    std::variant<Reference<bool>, Reference<uint64_t>, Reference<uint32_t>, Reference<int64_t>,
                 Reference<Duration>, Reference<std::chrono::milliseconds>,
                 Reference<std::chrono::seconds>, Reference<std::string>,
                 Reference<std::vector<std::string>>, Reference<std::set<std::string>>,
                 Reference<std::vector<Url>>, Reference<Origins>, Reference<ClusterState>,
                 Reference<FeatureGates>, VersionSwitch, IgnoredSwitch>;

struct Flag {
  std::string_view name;
  Section section;
  Target target;
  // Sentences; a line break where the help has one.
  std::string_view help;
  // The key in configuration files, with dots between the levels; "=" for the name itself, empty
  // for none.
  std::string_view yaml_key;
  // The only values that command line and environment take; any if empty.
  std::span<const std::string_view> choices = {};

  // "ETCD_DATA_DIR" for data-dir.
  std::string EnvironmentName() const;
  // A bare flag means true: `--x` takes no following argument.
  bool IsSwitch() const;
};

std::span<const Flag> AllFlags();

// Null if there is no such flag. `name` is without dashes.
const Flag* FindFlag(std::string_view name);

// The flag with that whole key in configuration files. Here and below the case of letters does not
// count.
const Flag* FindFlagByYamlKey(std::string_view key);

// True if some key of configuration files begins with `prefix` and a dot.
bool IsYamlSection(std::string_view prefix);

}  // namespace config
