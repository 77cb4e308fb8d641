#include "config/environment.h"

#include <map>
#include <string>
#include <utility>

#include "base/go_text.h"
#include "config/flag_table.h"
#include "config/flag_value.h"

namespace config {
namespace {

constexpr std::string_view kPrefix = "ETCD_";
// Compat: not --version, which no variable may set; images of containers carry it.
constexpr std::string_view kVersionVariable = "ETCD_VERSION";

base::Status SetFromVariable(const Flag& flag, const std::string& variable,
                             const std::string& value, ServerConfig& config) {
  const base::Status set = SetFlag(flag, value, config);
  if (set.ok()) return set;
  return base::Status(base::Code::kInvalidArgument, "invalid value " + base::Quote(value) +
                                                        " for " + variable + ": " +
                                                        std::string(set.message()));
}

// The variables that belong to a flag, with it; in the order of their names.
std::map<std::string, const Flag*> FlagVariables() {
  std::map<std::string, const Flag*> variables;
  for (const Flag& flag : AllFlags()) variables.emplace(flag.EnvironmentName(), &flag);
  return variables;
}

}  // namespace

base::Status ApplyEnvironment(const Environment& environment, ServerConfig& config,
                              std::set<std::string_view>& given, std::vector<Notice>& notices) {
  const std::map<std::string, const Flag*> variables = FlagVariables();
  base::Status outcome;
  for (const auto& [variable, value] : environment) {
    if (variable.substr(0, kPrefix.size()) != kPrefix) continue;
    if (variable == kVersionVariable) {
      if (value.empty()) continue;
      notices.push_back({Severity::kWarn,
                         "cannot set special environment variable",
                         {{"key", variable}, {"value", value}}});
      continue;
    }
    const auto known = variables.find(variable);
    if (known != variables.end() && given.count(known->second->name) > 0) {
      notices.push_back({Severity::kFatal,
                         "conflicting environment variable is shadowed by corresponding "
                         "command-line flag (either unset environment variable or disable flag))",
                         {{"environment-variable", variable}}});
      return base::Status();
    }
    if (known == variables.end() || value.empty()) {
      notices.push_back({Severity::kWarn,
                         "unrecognized environment variable",
                         {{"environment-variable", variable + "=" + value}}});
      continue;
    }
    // Compat: of several values that cannot be read the last one is reported.
    if (base::Status set = SetFromVariable(*known->second, variable, value, config); !set.ok()) {
      outcome = std::move(set);
      continue;
    }
    given.insert(known->second->name);
    notices.push_back({Severity::kInfo,
                       "recognized and used environment variable",
                       {{"variable-name", variable}, {"variable-value", value}}});
  }
  return outcome;
}

}  // namespace config
