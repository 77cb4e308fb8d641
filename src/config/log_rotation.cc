#include "config/log_rotation.h"

#include <nlohmann/json.hpp>

#include <string>
#include <utility>

namespace config {
namespace {

using Json = nlohmann::json;

base::Status Invalid(std::string text) {
  return base::Status(base::Code::kInvalidArgument, std::move(text));
}

base::Status WrongType(const Json& value, const char* key, const char* type) {
  return Invalid(std::string("invalid log rotation config: json: cannot unmarshal ") +
                 value.type_name() + " into Go struct field logRotationConfig." + key +
                 " of type " + type);
}

base::Status Read(const Json& object, const char* key, uint64_t& value) {
  const auto found = object.find(key);
  if (found == object.end() || found->is_null()) return base::Status();
  if (!found->is_number_unsigned()) return WrongType(*found, key, "int");
  value = found->get<uint64_t>();
  return base::Status();
}

base::Status Read(const Json& object, const char* key, bool& value) {
  const auto found = object.find(key);
  if (found == object.end() || found->is_null()) return base::Status();
  if (!found->is_boolean()) return WrongType(*found, key, "bool");
  value = found->get<bool>();
  return base::Status();
}

}  // namespace

base::Result<LogRotation> ParseLogRotation(std::string_view json) {
  const Json object = Json::parse(json, nullptr, /*allow_exceptions=*/false);
  if (object.is_discarded()) {
    return Invalid("improperly formatted log rotation config: invalid JSON");
  }
  if (!object.is_object()) {
    return Invalid(std::string("invalid log rotation config: json: cannot unmarshal ") +
                   object.type_name() + " into Go value of type embed.logRotationConfig");
  }
  LogRotation rotation;
  RETURN_IF_ERROR(Read(object, "maxsize", rotation.max_size_megabytes));
  RETURN_IF_ERROR(Read(object, "maxage", rotation.max_age_days));
  RETURN_IF_ERROR(Read(object, "maxbackups", rotation.max_backups));
  RETURN_IF_ERROR(Read(object, "localtime", rotation.local_time));
  RETURN_IF_ERROR(Read(object, "compress", rotation.compress));
  return rotation;
}

}  // namespace config
