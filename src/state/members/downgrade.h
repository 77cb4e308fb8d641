#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace members {

// Whether the cluster is being made ready for members of the version before.
struct Downgrade {
  bool enabled = false;
  std::string target;  // "3.6.0"; empty if it is not enabled

  friend bool operator==(const Downgrade&, const Downgrade&) = default;
};

// As etcd keeps it: {"target-version":"3.6.0","enabled":true}.
std::string ToJson(const Downgrade& downgrade);
// kDataLoss for text that is no such object; names that are missing are false or empty.
base::Result<Downgrade> DowngradeFromJson(std::string_view text);

}  // namespace members
