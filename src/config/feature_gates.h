#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/status.h"

namespace config {

// The gates of etcd 3.7, in the order of their names.
enum class Feature : uint8_t {
  kCompactHashCheck,
  kFastLeaseKeepAlive,
  kInitialCorruptCheck,
  kLeaseCheckpoint,
  kLeaseCheckpointPersist,
  kPriorityRequest,
  kSetMemberLocalAddr,
  kStopGrpcServiceOnDefrag,
  kTxnModeWriteWithSharedBuffer,
};
inline constexpr size_t kFeatureCount = 9;

enum class Stage : uint8_t { kAlpha, kBeta };

struct FeatureSpec {
  std::string_view name;
  bool enabled_by_default;
  Stage stage;
};

// The specification of `feature`.
const FeatureSpec& SpecOf(Feature feature);

// Which features are on. AllAlpha and AllBeta set every gate of their stage that no text has named.
class FeatureGates {
 public:
  // Takes "name=bool,name=bool" on top of what is set; unchanged if it fails. Texts of failures
  // are etcd's: `unrecognized feature gate: X`, `missing bool value for X`.
  base::Status Set(std::string_view text);

  bool Enabled(Feature feature) const;
  // Whether AllAlpha or AllBeta was set to true.
  bool Enabled(Stage stage) const { return stages_[static_cast<size_t>(stage)].value_or(false); }

  // Every gate with its value, "A=true,B=false" in the order of names.
  std::string ToString() const;
  // The same of those alone that texts have set, themselves or by their stage, and of AllAlpha and
  // AllBeta; empty if none. So etcd logs them.
  std::string TextOfSet() const;

 private:
  // Named gates first, then the stages, as their order in a text does not count.
  std::array<std::optional<bool>, kFeatureCount> set_;
  std::array<std::optional<bool>, 2> stages_;
};

// One line a gate, "name=true|false (ALPHA - default=false)", in the order of names.
std::string DescribeFeatureGates(std::string_view line_prefix);

}  // namespace config
