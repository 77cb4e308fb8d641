#include "config/flag_value.h"

#include <algorithm>
#include <utility>

#include "base/duration_text.h"
#include "base/go_text.h"

namespace config {
namespace {

using base::Code;
using base::Status;

Status Invalid(std::string text) {
  return Status(Code::kInvalidArgument, std::move(text));
}

// Go's flag package tells no more of a number than these two.
Status ShortReason(const Status& status) {
  return status.code() == Code::kOutOfRange ? Invalid("value out of range")
                                            : Invalid("parse error");
}

// One overload a type of target.
Status Read(std::string_view text, bool& value) {
  const base::Result<bool> parsed = base::ParseGoBool(text);
  if (!parsed.ok()) return ShortReason(parsed.status());
  value = *parsed;
  return Status();
}

Status Read(std::string_view text, uint64_t& value) {
  const base::Result<uint64_t> parsed = base::ParseGoUint(text);
  if (!parsed.ok()) return ShortReason(parsed.status());
  value = *parsed;
  return Status();
}

Status Read(std::string_view text, int64_t& value) {
  const base::Result<int64_t> parsed = base::ParseGoInt(text);
  if (!parsed.ok()) return ShortReason(parsed.status());
  value = *parsed;
  return Status();
}

// Compat: this type is etcd's own, which hands strconv's error on.
Status Read(std::string_view text, uint32_t& value) {
  const base::Result<uint64_t> parsed = base::ParseGoUint(text);
  const bool large = parsed.ok() && *parsed > std::numeric_limits<uint32_t>::max();
  if (!parsed.ok() || large) {
    return Invalid("strconv.ParseUint: parsing " + base::Quote(text) + ": " +
                   (large ? "value out of range" : std::string(parsed.status().message())));
  }
  value = static_cast<uint32_t>(*parsed);
  return Status();
}

Status Read(std::string_view text, Duration& value) {
  const base::Result<Duration> parsed = base::ParseDuration(text);
  if (!parsed.ok()) return ShortReason(parsed.status());
  value = *parsed;
  return Status();
}

// Milliseconds and seconds.
template <typename Ratio>
Status Read(std::string_view text, std::chrono::duration<int64_t, Ratio>& value) {
  uint64_t count = 0;
  if (!Read(text, count).ok()) {
    return Invalid("parse error: a number of " +
                   std::string(std::ratio_equal_v<Ratio, std::milli> ? "milliseconds" : "seconds") +
                   " is expected");
  }
  if (count > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) {
    return Invalid("value out of range");
  }
  value = std::chrono::duration<int64_t, Ratio>(static_cast<int64_t>(count));
  return Status();
}

Status Read(std::string_view text, std::string& value) {
  value = text;
  return Status();
}

Status Read(std::string_view text, std::vector<std::string>& value) {
  value = base::Split(text, ',');
  return Status();
}

Status Read(std::string_view text, std::set<std::string>& value) {
  const std::vector<std::string> parts = base::Split(text, ',');
  value = std::set<std::string>(parts.begin(), parts.end());
  return Status();
}

// Compat: an empty list of URLs leaves the default as it is.
Status Read(std::string_view text, std::vector<Url>& value) {
  if (text.empty()) return Status();
  ASSIGN_OR_RETURN(value, ParseUrls(text));
  return Status();
}

Status Read(std::string_view text, Origins& value) {
  if (text == "*") {
    value.values = {"*"};
    return Status();
  }
  ASSIGN_OR_RETURN(const std::vector<Url> urls, ParseUrls(text));
  value.values.clear();
  for (const Url& url : urls) value.values.insert(url.ToString());
  return Status();
}

Status Read(std::string_view text, ClusterState& value) {
  if (text != "new" && text != "existing") return Invalid("invalid value");
  value = text == "new" ? ClusterState::kNew : ClusterState::kExisting;
  return Status();
}

Status Read(std::string_view text, FeatureGates& value) {
  return value.Set(text);
}

std::string Format(bool value) {
  return value ? "true" : "false";
}
std::string Format(uint64_t value) {
  return std::to_string(value);
}
std::string Format(uint32_t value) {
  return std::to_string(value);
}
std::string Format(int64_t value) {
  return std::to_string(value);
}
std::string Format(Duration value) {
  return base::FormatDuration(value);
}
std::string Format(std::chrono::milliseconds value) {
  return std::to_string(value.count());
}
std::string Format(std::chrono::seconds value) {
  return std::to_string(value.count());
}
std::string Format(const std::string& value) {
  return value;
}
std::string Format(const std::vector<std::string>& value) {
  return base::Join(value, ",");
}
std::string Format(const std::set<std::string>& value) {
  return base::Join({value.begin(), value.end()}, ",");
}
std::string Format(const std::vector<Url>& value) {
  return JoinUrls(value);
}
std::string Format(const Origins& value) {
  return Format(value.values);
}
std::string Format(ClusterState value) {
  return value == ClusterState::kNew ? "new" : "existing";
}
std::string Format(const FeatureGates& value) {
  return value.ToString();
}

struct Setter {
  std::string_view text;
  ServerConfig& config;

  template <typename T>
  Status operator()(Reference<T> reference) const {
    return Read(text, reference(config));
  }
  Status operator()(VersionSwitch) const {
    bool ignored = false;
    return Read(text, ignored);
  }
  Status operator()(IgnoredSwitch) const { return Status(); }
};

struct Formatter {
  ServerConfig& config;

  template <typename T>
  std::string operator()(Reference<T> reference) const {
    return Format(reference(config));
  }
  std::string operator()(VersionSwitch) const { return ""; }
  std::string operator()(IgnoredSwitch) const { return ""; }
};

}  // namespace

Status SetFlag(const Flag& flag, std::string_view text, ServerConfig& config) {
  const auto choices = flag.choices;
  if (!choices.empty() && std::find(choices.begin(), choices.end(), text) == choices.end()) {
    // Compat: this one has a type of its own in etcd, which says which.
    const bool says_which = flag.name == "v2-deprecation";
    return Invalid("invalid value" + (says_which ? " " + base::Quote(text) : ""));
  }
  return std::visit(Setter{text, config}, flag.target);
}

std::string FormatFlag(const Flag& flag, const ServerConfig& config) {
  // A target hands out a mutable member; printing does not write to it.
  return std::visit(Formatter{const_cast<ServerConfig&>(config)}, flag.target);
}

}  // namespace config
