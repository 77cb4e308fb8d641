#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "state/v2/ref.h"

namespace v2 {

class Branch;
class Node;
void Reclaim(const Branch* branch);
void Reclaim(const Node* node);
using BranchRef = Ref<Branch>;
using NodeRef = Ref<Node>;

// A file, or a directory with all that is in it. It does not change: a changed one is another
// object, as is each directory above it, and shares the rest with the one before. So whoever has a
// root reads the tree as it was then, on any thread, for as long as he likes.
//
// What nobody shares any more is freed a bounded part at a time, by whatever gives up something
// later on that thread: to give up a large directory takes no longer than a small one.
class Node final : public Counted {
 public:
  struct Fields {
    std::string_view name = {};
    std::string_view value = {};  // of a file
    uint64_t created = 0;         // indexes
    uint64_t modified = 0;
    int64_t expiration = 0;  // nanoseconds since 1970; 0: it does not run out
    uint64_t directory = 0;  // its number; 0: a file
  };
  static NodeRef Make(const Fields& fields, BranchRef children = {});

  std::string_view name() const { return {bytes(), name_bytes_}; }
  std::string_view value() const { return {bytes() + name_bytes_, value_bytes_}; }
  uint64_t created() const { return created_; }
  uint64_t modified() const { return modified_; }
  int64_t expiration() const { return expiration_; }
  uint64_t directory() const { return directory_; }
  bool is_directory() const { return directory_ != 0; }
  // Not listed.
  bool is_hidden() const { return name().starts_with('_'); }
  const BranchRef& children() const { return children_; }
  Fields fields() const { return {name(), value(), created_, modified_, expiration_, directory_}; }
  // The same without what is in it.
  NodeRef Bare() const;

  // Of a node that nobody has seen yet.
  void SetChildren(BranchRef children) const { children_ = std::move(children); }

 private:
  friend void Reclaim(const Node* node);
  friend class Leftovers;
  Node(const Fields& fields, BranchRef children);
  ~Node() = default;
  static void Destroy(const Node* node);

  const char* bytes() const { return reinterpret_cast<const char*>(this + 1); }

  const uint32_t name_bytes_;
  const uint32_t value_bytes_;
  const uint64_t created_;
  const uint64_t modified_;
  const int64_t expiration_;
  const uint64_t directory_;
  mutable BranchRef children_;
};

// The children of a directory by name: a balanced tree (AVL) whose nodes do not change.
class Branch final : public Counted {
 public:
  static BranchRef Make(BranchRef left, NodeRef node, BranchRef right);

  const BranchRef& left() const { return left_; }
  const BranchRef& right() const { return right_; }
  const NodeRef& node() const { return node_; }
  int height() const { return height_; }

 private:
  friend class Leftovers;
  Branch(BranchRef left, NodeRef node, BranchRef right, int height)
      : height_(height), left_(std::move(left)), right_(std::move(right)), node_(std::move(node)) {}
  ~Branch() = default;

  const int height_;
  const BranchRef left_;
  const BranchRef right_;
  const NodeRef node_;
};

}  // namespace v2
