#include "api/v2/json.h"

#include <limits>
#include <utility>

#include "api/v2/go_text.h"
#include "base/json_string.h"
#include "state/v2/store.h"

namespace v2 {
namespace {

constexpr int64_t kSecond = 1'000'000'000;
// What an event takes in JSON beside its key and values, if nothing of them is escaped.
constexpr size_t kEventFieldsBytes = 256;

void AppendNumber(const char* name, int64_t value, std::string* json) {
  json->append(name);
  json->append(std::to_string(value));
}

void AppendText(const char* name, base::ByteView value, std::string* json) {
  json->append(name);
  base::AppendOldJsonString(value, json);
}

// Where the first field begins with a brace.
void Open(std::string* json) {
  if (json->back() != '{') json->push_back(',');
}

void AppendKey(base::ByteView path, std::string* json) {
  if (path.starts_with(kKeys)) path.remove_prefix(kKeys.size());
  if (!path.empty()) AppendText(R"("key":)", path, json);
}

void AppendExpiration(int64_t expiration, int64_t now, std::string* json) {
  if (expiration == 0) return;
  Open(json);
  json->append(R"("expiration":")" + Rfc3339(expiration) + '"');
  // Rounded up. Compat: what is farther away than Go's durations reach is as far as they reach.
  int64_t left = 0;
  if (__builtin_sub_overflow(expiration, now, &left)) {
    left = expiration < now ? std::numeric_limits<int64_t>::min()
                            : std::numeric_limits<int64_t>::max();
  }
  const int64_t ttl = left / kSecond + (left % kSecond > 0 ? 1 : 0);
  if (ttl != 0) AppendNumber(R"(,"ttl":)", ttl, json);
}

void AppendIndexes(uint64_t modified, uint64_t created, std::string* json) {
  if (modified != 0) {
    Open(json);
    json->append(R"("modifiedIndex":)").append(std::to_string(modified));
  }
  if (created != 0) {
    Open(json);
    json->append(R"("createdIndex":)").append(std::to_string(created));
  }
}

// What comes before "nodes".
void AppendHead(base::ByteView path, const Node& node, int64_t now, std::string* json) {
  json->push_back('{');
  AppendKey(path, json);
  Open(json);
  if (node.is_directory()) {
    json->append(R"("dir":true)");
  } else {
    AppendText(R"("value":)", node.value(), json);
  }
  AppendExpiration(node.expiration(), now, json);
}

}  // namespace

std::string EventJson(const Event& event) {
  std::string json;
  json.reserve(event.bytes() + kEventFieldsBytes);
  json.append(R"({"action":")").append(NameOf(event.action)).append(R"(","node":)");
  if (event.removes()) {
    json += '{';
    AppendKey(event.key, &json);
    if (event.prev->is_directory()) {
      Open(&json);
      json += R"("dir":true)";
    }
  } else {
    AppendHead(event.key, *event.node, event.time, &json);
  }
  AppendIndexes(event.index, event.subject().created(), &json);
  json += '}';
  if (event.prev) {
    json += R"(,"prevNode":)";
    AppendHead(event.key, *event.prev, event.time, &json);
    AppendIndexes(event.prev->modified(), event.prev->created(), &json);
    json += '}';
  }
  json += "}\n";
  return json;
}

std::string ActionJson(Action action) {
  return R"({"action":")" + std::string(NameOf(action)) + "\"}\n";
}

std::string ErrorJson(const Error& error) {
  std::string json = R"({"errorCode":)" + std::to_string(static_cast<int>(error.code));
  AppendText(R"(,"message":)", MessageOf(error.code), &json);
  base::ByteView cause = error.cause;
  if (cause.starts_with(kKeys)) cause.remove_prefix(kKeys.size());
  if (!cause.empty()) AppendText(R"(,"cause":)", cause, &json);
  return json + R"(,"index":)" + std::to_string(error.index) + "}\n";
}

int StatusOf(Code code) {
  switch (code) {
    case Code::kKeyNotFound:
      return 404;
    case Code::kUnauthorized:
      return 401;
    case Code::kNotFile:
    case Code::kDirectoryNotEmpty:
      return 403;
    case Code::kCompareFailed:
    case Code::kNodeExists:
      return 412;
    case Code::kRaftInternal:
      return 500;
    default:
      return 400;
  }
}

NodeJson::NodeJson(NodeRef root, const Node* node, std::string path, bool recursive, int64_t now)
    : root_(std::move(root)),
      recursive_(recursive),
      now_(now),
      path_(std::move(path)),
      first_(node) {}

bool NodeJson::Append(size_t bytes, std::string* json) {
  json_ = json;
  const size_t begin = json->size();
  if (const Node* const first = std::exchange(first_, nullptr); first != nullptr) {
    json->append(R"({"action":"get","node":)");
    Begin(*first);
  }
  while (!done_ && json->size() - begin < bytes) done_ = !Step();
  return !done_;
}

void NodeJson::Begin(const Node& node) {
  AppendHead(path_, node, now_, json_);
  const bool is_listed = node.is_directory() && (recursive_ || levels_.empty());
  if (is_listed) {
    levels_.push_back({&node, path_.size(), Children(node)});
  } else {
    End(node);
  }
}

void NodeJson::End(const Node& node) {
  AppendIndexes(node.modified(), node.created(), json_);
  json_->push_back('}');
}

// False after the last.
bool NodeJson::Step() {
  if (levels_.empty()) {
    json_->append("}\n");
    return false;
  }
  Level& level = levels_.back();
  path_.resize(level.path_size);
  const Node* child = level.children.Next();
  while (child != nullptr && child->is_hidden()) child = level.children.Next();
  if (child == nullptr) {
    if (level.has_some) json_->push_back(']');
    const Node& directory = *level.directory;
    levels_.pop_back();
    End(directory);
    return true;
  }
  json_->append(level.has_some ? "," : R"(,"nodes":[)");
  level.has_some = true;
  path_ += '/';
  path_ += child->name();
  Begin(*child);
  return true;
}

}  // namespace v2
