#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "state/members/extensions.h"

namespace members {

// A version of the program or of the cluster. What may stand behind the third number ("-alpha.0")
// says nothing here.
struct Version {
  uint32_t major = 0;
  uint32_t minor = 0;
  uint32_t patch = 0;

  std::string ToString() const;  // "3.7.0"
  // Of the cluster that members of this version can form: without the patch.
  Version Cluster() const { return {major, minor, 0}; }
  friend auto operator<=>(const Version&, const Version&) = default;
};

// "3.7.1" or "3.7.1-rc.0"; nothing for what is no such text.
std::optional<Version> ParseVersion(std::string_view text);

// What a member says of itself at /version. `cluster` and `storage` are no versions, such as
// "not_decided", until its cluster has one.
struct MemberVersions {
  std::string server;
  std::string cluster;
  std::string storage;
  Extensions extensions = {};  // that it understands; not told if there are none, as by etcd
};
std::string ToJson(const MemberVersions& versions);
// kInvalidArgument for text that is no such object; names that are missing are empty.
base::Result<MemberVersions> VersionsFromJson(std::string_view text);

}  // namespace members
