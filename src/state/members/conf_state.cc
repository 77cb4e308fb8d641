#include "state/members/conf_state.h"

#include <nlohmann/json.hpp>

namespace members {
namespace {

using Json = nlohmann::ordered_json;

void Put(Json* json, const char* name, const std::vector<raft::MemberId>& ids) {
  for (const raft::MemberId id : ids) (*json)[name].push_back(id.value());
}

std::vector<raft::MemberId> Ids(const Json& json, const char* name) {
  std::vector<raft::MemberId> ids;
  const auto found = json.find(name);
  if (found == json.end() || found->is_null()) return ids;
  // References, since numbers with a fraction would be converted.
  for (const Json& id : found->get_ref<const Json::array_t&>()) {
    ids.emplace_back(id.get_ref<const Json::number_unsigned_t&>());
  }
  return ids;
}

}  // namespace

std::string ToJson(const raft::ConfState& conf_state) {
  Json json = Json::object();
  Put(&json, "voters", conf_state.voters);
  Put(&json, "learners", conf_state.learners);
  Put(&json, "voters_outgoing", conf_state.voters_outgoing);
  Put(&json, "learners_next", conf_state.learners_next);
  json["auto_leave"] = conf_state.auto_leave;
  return json.dump();
}

base::Result<raft::ConfState> ConfStateFromJson(std::string_view text) {
  try {
    const Json json = Json::parse(text);
    return raft::ConfState{.voters = Ids(json, "voters"),
                           .learners = Ids(json, "learners"),
                           .voters_outgoing = Ids(json, "voters_outgoing"),
                           .learners_next = Ids(json, "learners_next"),
                           .auto_leave = json.value("auto_leave", false)};
  } catch (const Json::exception&) {
    return base::Status(base::Code::kDataLoss, "bucket meta: confState is no configuration");
  }
}

}  // namespace members
