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

// Of a server that has trouble, or is asked too often: it may have none later.
bool IsPassing(int status) {
  return status >= 500 || status == 429;
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

std::string TextOf(const json* value) {
  return value != nullptr && value->is_string() ? value->get<std::string>() : std::string();
}

// Of an error of API v2; something else has no JSON, and is no such server.
base::Status Refusal(const json& answer) {
  const int64_t code = NumberOf(Find(answer, "errorCode"));
  if (code == 0) return BadEndpoint();
  // As etcd's client writes it.
  return {base::Code::kFailedPrecondition,
          std::to_string(code) + ": " + TextOf(Find(answer, "message")) + " (" +
              TextOf(Find(answer, "cause")) + ") [" +
              std::to_string(NumberOf(Find(answer, "index"))) + "]"};
}

RegistryEntry EntryOf(const json& node, const std::string& folder) {
  RegistryEntry entry;
  const std::string name = TextOf(Find(node, "key"));
  entry.key = folder + "/" + name.substr(name.rfind('/') + 1);
  entry.value = TextOf(Find(node, "value"));
  entry.create_revision = NumberOf(Find(node, "createdIndex"));
  return entry;
}

}  // namespace

base::Result<std::optional<V2Node>> ParseV2Node(int status, std::string_view body,
                                                const std::string& folder) {
  if (IsPassing(status)) return Unexpected(status);
  const json answer = Parse(body);
  if (NumberOf(Find(answer, "errorCode")) == kKeyNotFound) return std::optional<V2Node>();
  if (status != 200) return Refusal(answer);
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
  if (IsPassing(status)) return Unexpected(status);
  const json answer = Parse(body);
  if (NumberOf(Find(answer, "errorCode")) == kKeyExists) return Failed("found duplicate id");
  return Refusal(answer);
}

}  // namespace app
