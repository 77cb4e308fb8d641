#include "client_v2/answers.h"

#include <nlohmann/json.hpp>

#include "base/json_string.h"

namespace client_v2 {
namespace {

using nlohmann::json;

// Discarded for what is no JSON.
json ParseJson(base::ByteView text) {
  return json::parse(text, nullptr, /*allow_exceptions=*/false);
}

// Null if it is no object, or does not have it.
const json* Find(const json& object, const char* name) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(name);
  return found == object.end() ? nullptr : &*found;
}

// False for a field of another type.
bool ReadText(const json& object, const char* name, std::string* text) {
  const json* const value = Find(object, name);
  if (value == nullptr || value->is_null()) return true;
  if (!value->is_string()) return false;
  *text = value->get<std::string>();
  return true;
}

template <typename Number>
bool ReadNumber(const json& object, const char* name, Number* number) {
  const json* const value = Find(object, name);
  if (value == nullptr || value->is_null()) return true;
  if (!value->is_number_integer()) return false;
  *number = value->get<Number>();
  return true;
}

bool ReadFields(const json& object, Node* node) {
  if (const json* const dir = Find(object, "dir"); dir != nullptr && dir->is_boolean()) {
    node->is_directory = dir->get<bool>();
  }
  return object.is_object() && ReadText(object, "key", &node->key) &&
         ReadText(object, "value", &node->value) &&
         ReadNumber(object, "createdIndex", &node->created_index) &&
         ReadNumber(object, "modifiedIndex", &node->modified_index) &&
         ReadText(object, "expiration", &node->expiration) && ReadNumber(object, "ttl", &node->ttl);
}

// Without recursion: a tree is as deep as whoever answers wants.
bool ReadNode(const json& object, Node* node) {
  struct Place {
    const json* from;
    Node* to;
  };
  std::vector<Place> places = {{&object, node}};
  while (!places.empty()) {
    const Place place = places.back();
    places.pop_back();
    if (!ReadFields(*place.from, place.to)) return false;
    const json* const nodes = Find(*place.from, "nodes");
    if (nodes == nullptr || nodes->is_null()) continue;
    if (!nodes->is_array()) return false;
    place.to->has_nodes = true;
    place.to->nodes.resize(nodes->size());
    for (size_t i = 0; i < nodes->size(); ++i)
      places.push_back({&(*nodes)[i], &place.to->nodes[i]});
  }
  return true;
}

// All but what closes it.
std::string NodeBegin(const Node& node) {
  std::string text = "{\"key\":" + base::JsonString(node.key);
  if (node.is_directory) text += ",\"dir\":true";
  return text + ",\"value\":" + base::JsonString(node.value) + ",\"nodes\":";
}

std::string NodeEnd(const Node& node) {
  std::string text = ",\"createdIndex\":" + std::to_string(node.created_index) +
                     ",\"modifiedIndex\":" + std::to_string(node.modified_index);
  if (!node.expiration.empty()) text += ",\"expiration\":" + base::JsonString(node.expiration);
  if (node.ttl != 0) text += ",\"ttl\":" + std::to_string(node.ttl);
  return text + "}";
}

void AppendNode(const Node& top, std::string* text) {
  struct Place {
    const Node* node;
    size_t next = 0;  // of its nodes
  };
  std::vector<Place> places = {{&top}};
  *text += NodeBegin(top);
  while (!places.empty()) {
    Place& place = places.back();
    const Node& node = *place.node;
    if (!node.has_nodes) *text += "null";
    if (node.has_nodes && place.next == 0) *text += '[';
    if (place.next < node.nodes.size()) {
      if (place.next > 0) *text += ',';
      const Node& child = node.nodes[place.next++];
      *text += NodeBegin(child);
      places.push_back({&child});
      continue;
    }
    if (node.has_nodes) *text += ']';
    *text += NodeEnd(node);
    places.pop_back();
  }
}

Failure KeyRefusal(const json& answer) {
  std::string message;
  std::string cause;
  int64_t code = 0;
  uint64_t index = 0;
  const bool is_one = answer.is_object() && ReadNumber(answer, "errorCode", &code) &&
                      ReadText(answer, "message", &message) && ReadText(answer, "cause", &cause) &&
                      ReadNumber(answer, "index", &index);
  if (!is_one) return {.text = kInvalidJson};
  return {.text = std::to_string(code) + ": " + message + " (" + cause + ") [" +
                  std::to_string(index) + "]"};
}

}  // namespace

std::optional<Failure> ReadEvent(const Reply& reply, Event* event) {
  if (reply.status != 200 && reply.status != 201) return KeyRefusal(ParseJson(reply.body));
  if (reply.body.empty()) return Failure{.text = kEmptyBody};
  const json answer = ParseJson(reply.body);
  const json* const node = Find(answer, "node");
  *event = {};
  event->index = reply.index.empty() ? "0" : reply.index;
  if (node == nullptr || !ReadText(answer, "action", &event->action) ||
      !ReadNode(*node, &event->node)) {
    return Failure{.text = kInvalidJson};
  }
  const json* const previous = Find(answer, "prevNode");
  if (previous == nullptr || previous->is_null()) return std::nullopt;
  if (!ReadNode(*previous, &event->previous.emplace())) return Failure{.text = kInvalidJson};
  return std::nullopt;
}

std::string EventJson(const Event& event) {
  std::string text = "{\"action\":" + base::JsonString(event.action) + ",\"node\":";
  AppendNode(event.node, &text);
  text += ",\"prevNode\":";
  if (event.previous.has_value()) {
    AppendNode(*event.previous, &text);
  } else {
    text += "null";
  }
  return text + "}";
}

std::string NodeJson(const Node& node) {
  return NodeBegin(node) + "null" + NodeEnd(node);
}

Failure RefusalOf(const Reply& reply) {
  const json answer = ParseJson(reply.body);
  std::string message;
  const bool is_one = answer.is_object() && ReadText(answer, "message", &message);
  return {.text = is_one ? message : kInvalidJson};
}

Failure UnexpectedStatus(const Reply& reply) {
  return {.text = "unexpected status code " + std::to_string(reply.status)};
}

}  // namespace client_v2
