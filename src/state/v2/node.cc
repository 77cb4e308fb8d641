#include "state/v2/node.h"

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>
#include <vector>

namespace v2 {

// What this thread has given up, and not freed yet. Why not at once: a directory may hold hundreds
// of thousands of others, in any depth.
class Leftovers {
 public:
  static Leftovers& OfThread() {
    static thread_local Leftovers leftovers;
    return leftovers;
  }
  ~Leftovers() { Free(SIZE_MAX); }

  void Add(const Node* node) {
    nodes_.push_back(node);
    Work();
  }
  void Add(const Branch* branch) {
    branches_.push_back(branch);
    Work();
  }

 private:
  static constexpr size_t kFreedAtOnce = 64;

  void Work() {
    if (!freeing_) Free(kFreedAtOnce);
  }
  // Freeing one adds what it held.
  void Free(size_t count) {
    freeing_ = true;
    for (; count > 0; --count) {
      if (!branches_.empty()) {
        const Branch* const branch = branches_.back();
        branches_.pop_back();
        delete branch;
      } else if (!nodes_.empty()) {
        const Node* const node = nodes_.back();
        nodes_.pop_back();
        Node::Destroy(node);
      } else {
        break;
      }
    }
    freeing_ = false;
  }

  std::vector<const Node*> nodes_;
  std::vector<const Branch*> branches_;
  bool freeing_ = false;
};

void Reclaim(const Branch* branch) {
  Leftovers::OfThread().Add(branch);
}

void Reclaim(const Node* node) {
  // A file holds nothing.
  if (!node->children_) return Node::Destroy(node);
  Leftovers::OfThread().Add(node);
}

Node::Node(const Fields& fields, BranchRef children)
    : name_bytes_(static_cast<uint32_t>(fields.name.size())),
      value_bytes_(static_cast<uint32_t>(fields.value.size())),
      created_(fields.created),
      modified_(fields.modified),
      expiration_(fields.expiration),
      directory_(fields.directory),
      children_(std::move(children)) {
  char* const at = reinterpret_cast<char*>(this + 1);
  std::copy(fields.name.begin(), fields.name.end(), at);
  std::copy(fields.value.begin(), fields.value.end(), at + fields.name.size());
}

// Name and value lie behind the node, in the same piece of memory.
NodeRef Node::Make(const Fields& fields, BranchRef children) {
  void* const memory = ::operator new(sizeof(Node) + fields.name.size() + fields.value.size());
  return NodeRef(new (memory) Node(fields, std::move(children)));
}

void Node::Destroy(const Node* node) {
  node->~Node();
  ::operator delete(const_cast<Node*>(node));
}

NodeRef Node::Bare() const {
  if (!children_) return NodeRef(this);
  return Make(fields());
}

BranchRef Branch::Make(BranchRef left, NodeRef node, BranchRef right) {
  const int height = 1 + std::max(left ? left->height() : 0, right ? right->height() : 0);
  return BranchRef(new Branch(std::move(left), std::move(node), std::move(right), height));
}

}  // namespace v2
