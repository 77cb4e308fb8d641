#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <unordered_map>
#include <vector>

#include "api/watch/watcher.h"
#include "base/bytes.h"

namespace watch {

class Group;

// All watchers of a group that wish for the same: they are told the same bytes.
struct Interest {
  std::shared_ptr<const Wish> wish;
  Group* group = nullptr;
  std::vector<Watcher*> watchers;
  // Where the events of batch `batch` are gathered for it.
  uint64_t batch = 0;
  size_t part = 0;

  // Of the index.
  std::unique_ptr<Interest> next;  // of the same key
  std::unique_ptr<Interest> left;  // of the tree of ranges
  std::unique_ptr<Interest> right;
  const Wish* furthest = nullptr;  // what ends last in this subtree
  uint64_t priority = 0;
};

// The interests of a group, found by a key that was changed: those in one key by a hash, those in
// ranges by an interval tree, which is a treap (Seidel and Aragon, "Randomized search trees", 1996)
// by wish in which each node knows what ends last below it. Finding k interests costs
// O(k log n) at worst.
class Interests {
 public:
  Interests() = default;
  // Empty by then, or its watchers are gone.
  ~Interests();

  // Adds a watcher to the interest of its wish.
  void Add(Watcher* watcher, Group* group);
  // Its interest is destroyed with its last watcher; `on_gone` is told before.
  void Remove(Watcher* watcher, const std::function<void(Interest&)>& on_gone);
  // Takes everything from `other`.
  void Take(Interests&& other, Group* group);

  // Calls `visit(Interest&)` for each interest in `key`. The index does not change meanwhile.
  template <typename Visit>
  void ForEachOf(base::ByteView key, Visit&& visit) const {
    if (const auto found = points_.find(key); found != points_.end()) {
      for (Interest* at = found->second.get(); at != nullptr; at = at->next.get()) visit(*at);
    }
    VisitTree(ranges_.get(), key, visit);
  }

  bool empty() const { return watchers_ == 0; }
  size_t watchers() const { return watchers_; }
  // One of them, which one ever; there is one.
  Watcher* Any() const;

 private:
  using Tree = std::unique_ptr<Interest>;

  template <typename Visit>
  static void VisitTree(Interest* node, base::ByteView key, Visit& visit) {
    // The keys of a subtree begin where it says, and end where `furthest` does.
    while (node != nullptr && !node->furthest->range().Ends(key)) {
      VisitTree(node->left.get(), key, visit);
      if (key < base::ByteView(node->wish->key)) return;
      if (!node->wish->range().Ends(key)) visit(*node);
      node = node->right.get();
    }
  }

  Interest* FindOrInsert(const std::shared_ptr<const Wish>& wish, Group* group);
  Interest* FindInTree(const Wish& wish) const;
  void Insert(std::unique_ptr<Interest> interest);
  std::unique_ptr<Interest> Detach(Interest* interest);
  std::unique_ptr<Interest> DetachPoint(Interest* interest);
  void TakeTree(Tree tree, Group* group);
  void TakeOne(std::unique_ptr<Interest> interest, Group* group);

  std::unordered_map<base::ByteView, std::unique_ptr<Interest>> points_;  // by key, which it owns
  Tree ranges_;
  uint64_t inserted_ = 0;  // into it, so far
  size_t watchers_ = 0;
};

}  // namespace watch
