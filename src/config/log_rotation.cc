#include "config/log_rotation.h"

#include <nlohmann/json.hpp>

#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "base/ascii_case.h"

namespace config {
namespace {

using Json = nlohmann::json;

base::Status Invalid(std::string text) {
  return base::Status(base::Code::kInvalidArgument, std::move(text));
}

std::string TypeName(const Json& value) {
  return value.is_boolean() ? "bool" : value.type_name();
}

base::Status WrongType(const Json& value, std::string_view key, const char* type) {
  return Invalid("invalid log rotation config: json: cannot unmarshal " + TypeName(value) +
                 " into Go struct field logRotationConfig." + std::string(key) + " of type " +
                 type);
}

base::Status Read(const Json& json, std::string_view key, uint64_t& value) {
  constexpr uint64_t kMax = std::numeric_limits<int64_t>::max();
  if (!json.is_number_unsigned() || json.get<uint64_t>() > kMax) {
    return WrongType(json, key, "int");
  }
  value = json.get<uint64_t>();
  return base::Status();
}

base::Status Read(const Json& json, std::string_view key, bool& value) {
  if (!json.is_boolean()) return WrongType(json, key, "bool");
  value = json.get<bool>();
  return base::Status();
}

constexpr std::string_view kMaxSize = "maxsize";

using Member = std::pair<std::string, Json>;

base::Status ReadMember(const Member& member, LogRotation& rotation) {
  const auto& [name, value] = member;
  if (value.is_null()) return base::Status();
  for (const auto& [key, number] :
       {std::pair(kMaxSize, &rotation.max_size_megabytes),
        std::pair(std::string_view("maxage"), &rotation.max_age_days),
        std::pair(std::string_view("maxbackups"), &rotation.max_backups)}) {
    if (!base::EqualIgnoringCase(name, key)) continue;
    // As none; of a size there is a difference to etcd, by which nothing could be logged.
    const bool is_negative = value.is_number_integer() && !value.is_number_unsigned();
    if (!is_negative || key == kMaxSize) return Read(value, key, *number);
    *number = 0;
    return base::Status();
  }
  for (const auto& [key, flag] :
       {std::pair("localtime", &rotation.local_time), std::pair("compress", &rotation.compress)}) {
    if (base::EqualIgnoringCase(name, key)) return Read(value, key, *flag);
  }
  constexpr std::string_view kFilename = "filename";
  const bool is_filename = base::EqualIgnoringCase(name, kFilename);
  return is_filename && !value.is_string() ? WrongType(value, kFilename, "string") : base::Status();
}

}  // namespace

base::Result<LogRotation> ParseLogRotation(std::string_view json) {
  constexpr int kMemberDepth = 1;
  // In the order of the text, those of one name too.
  std::vector<Member> members;
  std::string name;
  const auto keep = [&](int depth, Json::parse_event_t event, Json& parsed) {
    using Event = Json::parse_event_t;
    if (depth != kMemberDepth) return true;
    if (event == Event::key) {
      name = parsed.get<std::string>();
    } else if (event != Event::object_start && event != Event::array_start) {
      members.emplace_back(name, parsed);
    }
    return true;
  };
  const Json object = Json::parse(json, keep, /*allow_exceptions=*/false);
  if (object.is_discarded()) {
    return Invalid("improperly formatted log rotation config: invalid JSON");
  }
  if (!object.is_object()) {
    return Invalid("invalid log rotation config: json: cannot unmarshal " + TypeName(object) +
                   " into Go value of type embed.logRotationConfig");
  }
  LogRotation rotation;
  for (const Member& member : members) RETURN_IF_ERROR(ReadMember(member, rotation));
  return rotation;
}

}  // namespace config
