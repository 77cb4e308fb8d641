#include "state/members/downgrade.h"

#include <nlohmann/json.hpp>

namespace members {

std::string ToJson(const Downgrade& downgrade) {
  return nlohmann::ordered_json(
             {{"target-version", downgrade.target}, {"enabled", downgrade.enabled}})
      .dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

base::Result<Downgrade> DowngradeFromJson(std::string_view text) {
  const base::Status damaged(base::Code::kDataLoss, "bucket cluster: downgrade cannot be decoded");
  const auto json = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return damaged;
  Downgrade downgrade;
  if (const auto enabled = json.find("enabled"); enabled != json.end()) {
    if (!enabled->is_boolean()) return damaged;
    downgrade.enabled = enabled->get<bool>();
  }
  if (const auto target = json.find("target-version"); target != json.end()) {
    if (!target->is_string()) return damaged;
    downgrade.target = target->get<std::string>();
  }
  return downgrade;
}

}  // namespace members
