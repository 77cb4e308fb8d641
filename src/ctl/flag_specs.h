#pragma once

#include <string>
#include <utility>
#include <vector>

#include "ctl/command.h"

// What the trees of commands are written with.

namespace ctl {

inline FlagSpec Switch(const char* name, const char* usage, bool on = false) {
  return {name, 0, FlagSpec::Type::kBool, on ? "true" : "false", usage};
}
inline FlagSpec Text(const char* name, const char* usage, const char* default_value = "") {
  return {name, 0, FlagSpec::Type::kString, default_value, usage};
}
inline FlagSpec Number(const char* name, const char* usage, const char* default_value = "0") {
  return {name, 0, FlagSpec::Type::kInt64, default_value, usage};
}
inline FlagSpec Count(const char* name, const char* usage) {
  return {name, 0, FlagSpec::Type::kUint, "0", usage};
}
inline FlagSpec Time(const char* name, const char* usage, const char* default_value) {
  return {name, 0, FlagSpec::Type::kDuration, default_value, usage};
}
// With the words that the value may be.
inline FlagSpec OneOf(std::vector<std::string> words, FlagSpec spec) {
  spec.words = std::move(words);
  return spec;
}
inline FlagSpec Short(char shorthand, FlagSpec spec) {
  spec.shorthand = shorthand;
  return spec;
}

// The groups of commands in help.
inline constexpr char kKv[] = "Key-value commands";
inline constexpr char kMaintenance[] = "Cluster maintenance commands";
inline constexpr char kConcurrency[] = "Concurrency commands";
inline constexpr char kAuthentication[] = "Authentication commands";
inline constexpr char kUtility[] = "Utility commands";

inline constexpr char kClusterUsage[] = "use all endpoints from the cluster member list";

}  // namespace ctl
