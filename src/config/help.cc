#include "config/help.h"

#include <array>
#include <string_view>
#include <utility>
#include <variant>

#include "config/feature_gates.h"
#include "config/flag_table.h"
#include "config/flag_value.h"

namespace config {
namespace {

// The release of etcd that this program stands for.
constexpr std::string_view kVersion = "3.7.1";

constexpr std::array<std::pair<Section, std::string_view>, 9> kSections = {{
    {Section::kMember, "Member"},
    {Section::kClustering, "Clustering"},
    {Section::kSecurity, "Security"},
    {Section::kAuth, "Auth"},
    {Section::kMonitoring, "Profiling and Monitoring"},
    {Section::kLogging, "Logging"},
    {Section::kTracing, "Distributed tracing"},
    {Section::kFeatures, "Features"},
    {Section::kUnsafe, "Unsafe feature"},
}};

#if defined(__x86_64__)
constexpr std::string_view kArchitecture = "amd64";
#elif defined(__aarch64__)
constexpr std::string_view kArchitecture = "arm64";
#else
constexpr std::string_view kArchitecture = "unknown";
#endif

std::string Indented(std::string_view text) {
  std::string out = "    ";
  for (const char c : text) {
    out += c;
    if (c == '\n') out += "    ";
  }
  return out + "\n";
}

}  // namespace

std::string UsageText() {
  return R"(Usage:

  etcd [flags]
    Starts a server.

  etcd --version
    Prints the version.

  etcd -h | --help
    Prints all flags.

  etcd --config-file FILE
    Starts a server as FILE says (YAML or JSON). Other flags and the environment are ignored then.
)";
}

std::string HelpText() {
  const ServerConfig defaults;
  std::string out = UsageText();
  for (const auto& [section, title] : kSections) {
    out += "\n" + std::string(title) + ":\n";
    for (const Flag& flag : AllFlags()) {
      if (flag.section != section) continue;
      out += "  --" + std::string(flag.name);
      const bool gates = std::holds_alternative<Reference<FeatureGates>>(flag.target);
      if (!std::holds_alternative<VersionSwitch>(flag.target)) {
        out += " '" + (gates ? "" : FormatFlag(flag, defaults)) + "'";
      }
      out += "\n" + Indented(flag.help);
      if (gates) out += DescribeFeatureGates("      ");
    }
  }
  return out;
}

std::string VersionText() {
  return "etcd Version: " + std::string(kVersion) +
         "\nGit SHA: Not provided\nGo Version: none (C++ " __VERSION__ ")\nGo OS/Arch: linux/" +
         std::string(kArchitecture) + "\n";
}

}  // namespace config
