#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "state/v2/node.h"

// Reading trees, and making others of them. Paths are elements with a '/' before each; the root is
// "/".

namespace v2 {

// The elements of a path; empty ones are passed over.
std::vector<std::string_view> Elements(std::string_view path);
std::string Join(std::string_view directory, std::string_view name);
// The path of these elements; "/" for none.
std::string JoinAll(std::span<const std::string_view> elements);

// Null if there is none.
const Node* FindChild(const Node& directory, std::string_view name);

// The directory with that child, in the place of the one of its name if there is one.
NodeRef WithChild(const Node& directory, NodeRef child);
// Without the child of that name, which is there.
NodeRef WithoutChild(const Node& directory, std::string_view name);
// The children of a directory, ascending by name, each name once.
BranchRef BranchesOf(const std::vector<NodeRef>& nodes);

// The children of a directory by name. The directory outlives it.
class Children {
 public:
  explicit Children(const Node& directory) { Descend(directory.children()); }

  // Null at the end.
  const Node* Next();

 private:
  void Descend(const BranchRef& from);

  std::vector<const Branch*> above_;  // those whose node comes next, the first last
};

}  // namespace v2
