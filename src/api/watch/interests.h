#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>

#include "api/watch/interest.h"
#include "api/watch/point_index.h"
#include "api/watch/watcher.h"
#include "base/bytes.h"

namespace watch {

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
  // Moves some of what `other`, which is not empty, has to this group: at most so many watchers one
  // by one, or one interest with all its watchers, of which there was none here.
  void TakeSome(Interests* other, Group* group, size_t watchers_max);

  // Calls `visit(Interest&)` for each interest in `key`. The index does not change meanwhile.
  template <typename Visit>
  void ForEachOf(base::ByteView key, Visit&& visit) const {
    points_.ForEachOf(key, visit);
    VisitTree(ranges_.get(), key, visit);
  }

  bool empty() const { return watchers_ == 0; }
  size_t watchers() const { return watchers_; }
  // A watcher of it, which one ever; there is one.
  Watcher* Any() const { return AnyInterest().watchers.back(); }

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

  Interest& AnyInterest() const { return ranges_ != nullptr ? *ranges_ : points_.Any(); }
  // Null if there is none.
  Interest* Find(const Wish& wish) const;
  Interest* FindInTree(const Wish& wish) const;
  Interest* Insert(std::unique_ptr<Interest> interest, Group* group);
  void InsertInTree(std::unique_ptr<Interest> interest);
  std::unique_ptr<Interest> Extract(const Interest& interest);

  PointIndex points_;
  Tree ranges_;
  uint64_t inserted_ = 0;  // into it, so far
  size_t watchers_ = 0;
};

}  // namespace watch
