#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "state/v2/error.h"
#include "state/v2/event.h"
#include "state/v2/tree.h"

// Answers of /v2/keys in JSON: the fields in etcd's order, a newline at the end. Keys are shown
// from kKeys on.

namespace v2 {

std::string EventJson(const Event& event);
// `{"action":"set"}`.
std::string ActionJson(Action action);
std::string ErrorJson(const Error& error);
// The HTTP status of a refusal.
int StatusOf(Code code);

// The answer to a read, made piece by piece: the tree that it reads does not change.
class NodeJson {
 public:
  // Of the node at `path` below `root`; `recursive`: with all below it, else one level. Times to
  // live count from `now`, in nanoseconds since 1970. `node` is in the tree of `root`.
  NodeJson(NodeRef root, const Node* node, std::string path, bool recursive, int64_t now);

  // Appends about as many bytes, or what there is. False once nothing is left.
  bool Append(size_t bytes, std::string* json);

 private:
  // A directory whose children are being written.
  struct Level {
    const Node* directory;
    size_t path_size;
    Children children;
    bool has_some = false;
  };

  void Begin(const Node& node);
  void End(const Node& node);
  bool Step();

  const NodeRef root_;
  const bool recursive_;
  const int64_t now_;
  std::string path_;
  std::string* json_ = nullptr;
  std::vector<Level> levels_;
  const Node* first_;
  bool done_ = false;
};

}  // namespace v2
