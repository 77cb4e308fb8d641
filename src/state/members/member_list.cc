#include "state/members/member_list.h"

#include <nlohmann/json.hpp>
#include <utility>

namespace members {

std::string ListToJson(std::span<const Member> list) {
  std::string text = "[";
  for (const Member& member : list) {
    if (text.size() > 1) text += ',';
    text += ToJson(member);
  }
  return text + ']';
}

base::Result<std::vector<Member>> ListFromJson(std::string_view text) {
  const auto json = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!json.is_array()) return base::Status(base::Code::kDataLoss, "no list of members");
  std::vector<Member> list;
  for (const auto& each : json) {
    ASSIGN_OR_RETURN(Member member, FromJson(each.dump()));
    list.push_back(std::move(member));
  }
  return list;
}

}  // namespace members
