#include "app/discovery_v2_answer.h"

#include <nlohmann/json.hpp>
#include <utility>

namespace app {
namespace {

using nlohmann::json;

constexpr int kKeyNotFound = 100;
constexpr int kKeyExists = 105;

base::Status Failed(std::string_view why) {
  return {base::Code::kFailedPrecondition, "discovery: " + std::string(why)};
}

base::Status BadEndpoint() {
  return Failed("bad discovery endpoint");
}

base::Status Unexpected(int status) {
  return {base::Code::kUnavailable, "unexpected http status " + std::to_string(status)};
}

// Null if it is no object, or does not have it.
const json* Find(const json& object, const char* name) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(name);
  return found == object.end() ? nullptr : &*found;
}

json Parse(std::string_view body) {
  return json::parse(body, nullptr, /*allow_exceptions=*/false);
}

int64_t NumberOf(const json* value) {
  return value != nullptr && value->is_number_integer() ? value->get<int64_t>() : 0;
}

RegistryEntry EntryOf(const json& node, const std::string& folder) {
  RegistryEntry entry;
  std::string name;
  if (const json* key = Find(node, "key"); key != nullptr && key->is_string()) {
    name = key->get<std::string>();
  }
  entry.key = folder + "/" + name.substr(name.rfind('/') + 1);
  if (const json* value = Find(node, "value"); value != nullptr && value->is_string()) {
    entry.value = value->get<std::string>();
  }
  entry.create_revision = NumberOf(Find(node, "createdIndex"));
  return entry;
}

}  // namespace

base::Result<std::optional<V2Node>> ParseV2Node(int status, std::string_view body,
                                                const std::string& folder) {
  const json answer = Parse(body);
  if (NumberOf(Find(answer, "errorCode")) == kKeyNotFound) return std::optional<V2Node>();
  if (status != 200) return Unexpected(status);
  const json* node = Find(answer, "node");
  if (node == nullptr || !node->is_object()) return BadEndpoint();
  V2Node parsed{.self = EntryOf(*node, folder), .below = {}};
  if (const json* below = Find(*node, "nodes")) {
    if (!below->is_array()) return BadEndpoint();
    for (const json& each : *below) parsed.below.push_back(EntryOf(each, folder));
  }
  return std::optional<V2Node>(std::move(parsed));
}

base::Status ParseV2Put(int status, std::string_view body) {
  if (status == 200 || status == 201) return {};
  if (NumberOf(Find(Parse(body), "errorCode")) == kKeyExists) return Failed("found duplicate id");
  return Unexpected(status);
}

}  // namespace app
