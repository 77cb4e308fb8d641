#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "client_v2/cluster.h"

// Answers of the v2 API in JSON, as Go's clients read them: what is missing, or null, is empty.

namespace client_v2 {

inline constexpr const char* kInvalidJson =
    "client: response is invalid json. The endpoint is probably not valid etcd cluster endpoint";

inline constexpr const char* kEmptyBody = "client: response body is empty";

struct Node {
  std::string key;
  bool is_directory = false;
  std::string value;
  std::vector<Node> nodes;
  bool has_nodes = false;
  uint64_t created_index = 0;
  uint64_t modified_index = 0;
  std::string expiration;  // empty: it does not run out
  int64_t ttl = 0;
};

// What became of a request about keys.
struct Event {
  std::string action;
  Node node;
  std::optional<Node> previous;
  std::string index;  // of the tree, when it was answered
};

// Fails with what the answer refuses with, or says that it is none.
std::optional<Failure> ReadEvent(const Reply& reply, Event* event);
// As Go's client shows it.
std::string EventJson(const Event& event);
// The same of one node, without what is in it.
std::string NodeJson(const Node& node);

// The "message" of a refusal.
Failure RefusalOf(const Reply& reply);
Failure UnexpectedStatus(const Reply& reply);

}  // namespace client_v2
