#include "client_v2/json_value.h"

#include <nlohmann/json.hpp>
#include <utility>

namespace client_v2 {

using nlohmann::json;

struct JsonValue::Value {
  // The whole, and the part of it that this is.
  std::shared_ptr<const json> whole;
  const json* part;
};

JsonValue::JsonValue(base::ByteView text) {
  auto whole = std::make_shared<const json>(json::parse(text, nullptr, /*allow_exceptions=*/false));
  const json* const part = whole.get();
  value_ = std::make_shared<const Value>(Value{std::move(whole), part});
}

bool JsonValue::is_object() const {
  return value_ != nullptr && value_->part->is_object();
}

std::shared_ptr<const JsonValue::Value> JsonValue::Find(const char* name) const {
  if (!is_object()) return nullptr;
  const auto found = value_->part->find(name);
  if (found == value_->part->end()) return nullptr;
  return std::make_shared<const Value>(Value{value_->whole, &*found});
}

JsonValue JsonValue::At(const char* name) const {
  return JsonValue(Find(name));
}

std::string JsonValue::TextOf(const char* name) const {
  const auto found = Find(name);
  return found != nullptr && found->part->is_string() ? found->part->get<std::string>() : "";
}

std::vector<std::string> JsonValue::TextsOf(const char* name) const {
  std::vector<std::string> texts;
  const auto found = Find(name);
  if (found == nullptr || !found->part->is_array()) return texts;
  for (const json& each : *found->part) {
    if (each.is_string()) texts.push_back(each.get<std::string>());
  }
  return texts;
}

std::vector<JsonValue> JsonValue::ListOf(const char* name) const {
  std::vector<JsonValue> values;
  const auto found = Find(name);
  if (found == nullptr || !found->part->is_array()) return values;
  for (const json& each : *found->part) {
    values.push_back(JsonValue(std::make_shared<const Value>(Value{found->whole, &each})));
  }
  return values;
}

bool JsonValue::IsTrue(const char* name) const {
  const auto found = Find(name);
  if (found == nullptr) return false;
  const json& value = *found->part;
  return (value.is_boolean() && value.get<bool>()) ||
         (value.is_string() && value.get<std::string>() == "true");
}

}  // namespace client_v2
