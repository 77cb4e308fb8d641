#include "config/feature_gates.h"

#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "base/go_text.h"
#include "base/result.h"

namespace config {
namespace {

constexpr std::array<FeatureSpec, kFeatureCount> kSpecs = {{
    {"CompactHashCheck", true, Stage::kAlpha},
    {"FastLeaseKeepAlive", true, Stage::kBeta},
    {"InitialCorruptCheck", false, Stage::kAlpha},
    {"LeaseCheckpoint", false, Stage::kAlpha},
    {"LeaseCheckpointPersist", false, Stage::kAlpha},
    {"PriorityRequest", false, Stage::kAlpha},
    {"SetMemberLocalAddr", false, Stage::kAlpha},
    {"StopGRPCServiceOnDefrag", false, Stage::kAlpha},
    {"TxnModeWriteWithSharedBuffer", true, Stage::kBeta},
}};

struct StageGate {
  std::string_view name;
  Stage stage;
  std::string_view label;
};
constexpr std::array<StageGate, 2> kStageGates = {
    {{"AllAlpha", Stage::kAlpha, "ALPHA"}, {"AllBeta", Stage::kBeta, "BETA"}}};

std::optional<size_t> IndexOf(std::string_view name) {
  for (size_t i = 0; i < kFeatureCount; ++i) {
    if (kSpecs[i].name == name) return i;
  }
  return std::nullopt;
}

base::Status Invalid(std::string text) {
  return base::Status(base::Code::kInvalidArgument, std::move(text));
}

std::string GateText(std::string_view name, bool enabled) {
  return std::string(name) + (enabled ? "=true" : "=false");
}

using Values = std::map<std::string, bool>;

base::Result<Values> ParseValues(std::string_view text) {
  Values values;
  for (const std::string& part : base::Split(text, ',')) {
    if (part.empty()) continue;
    const size_t equals = part.find('=');
    const std::string name(base::TrimSpace(std::string_view(part).substr(0, equals)));
    if (equals == std::string::npos) return Invalid("missing bool value for " + name);
    const std::string value(base::TrimSpace(std::string_view(part).substr(equals + 1)));
    const base::Result<bool> enabled = base::ParseGoBool(value);
    if (!enabled.ok()) {
      return Invalid("invalid value of " + name + "=" + value +
                     ", err: strconv.ParseBool: parsing " + base::Quote(value) +
                     ": invalid syntax");
    }
    values[name] = *enabled;
  }
  return values;
}

}  // namespace

const FeatureSpec& SpecOf(Feature feature) {
  return kSpecs[static_cast<size_t>(feature)];
}

base::Status FeatureGates::Set(std::string_view text) {
  ASSIGN_OR_RETURN(Values values, ParseValues(text));
  auto set = set_;
  std::map<Stage, bool> stages;
  for (const StageGate& gate : kStageGates) {
    if (const auto node = values.extract(std::string(gate.name))) {
      stages[gate.stage] = node.mapped();
    }
  }
  for (const auto& [name, enabled] : values) {
    const std::optional<size_t> index = IndexOf(name);
    if (!index) return Invalid("unrecognized feature gate: " + name);
    set[*index] = enabled;
  }
  for (size_t i = 0; i < kFeatureCount; ++i) {
    const auto stage = stages.find(kSpecs[i].stage);
    if (stage != stages.end() && !set[i]) set[i] = stage->second;
  }
  set_ = set;
  for (const auto& [stage, enabled] : stages) stages_[static_cast<size_t>(stage)] = enabled;
  return base::Status();
}

bool FeatureGates::Enabled(Feature feature) const {
  return set_[static_cast<size_t>(feature)].value_or(SpecOf(feature).enabled_by_default);
}

std::string FeatureGates::ToString() const {
  std::vector<std::string> gates;
  for (size_t i = 0; i < kFeatureCount; ++i) {
    gates.push_back(GateText(kSpecs[i].name, Enabled(static_cast<Feature>(i))));
  }
  return base::Join(gates, ",");
}

std::string FeatureGates::TextOfSet() const {
  std::vector<std::string> gates;
  for (const StageGate& gate : kStageGates) {
    const std::optional<bool>& enabled = stages_[static_cast<size_t>(gate.stage)];
    if (enabled) gates.push_back(GateText(gate.name, *enabled));
  }
  for (size_t i = 0; i < kFeatureCount; ++i) {
    if (set_[i]) gates.push_back(GateText(kSpecs[i].name, *set_[i]));
  }
  return base::Join(gates, ",");
}

std::string DescribeFeatureGates(std::string_view line_prefix) {
  std::map<std::string_view, std::pair<bool, Stage>> lines;
  for (const FeatureSpec& spec : kSpecs) lines[spec.name] = {spec.enabled_by_default, spec.stage};
  for (const StageGate& gate : kStageGates) lines[gate.name] = {false, gate.stage};
  std::string out;
  for (const auto& [name, line] : lines) {
    const std::string_view label = kStageGates[static_cast<size_t>(line.second)].label;
    out += std::string(line_prefix) + std::string(name) + "=true|false (" + std::string(label) +
           " - default=" + (line.first ? "true" : "false") + ")\n";
  }
  return out;
}

}  // namespace config
