#include "api/watch/interests.h"

#include <utility>

#include "base/check.h"

namespace watch {
namespace {

using Tree = std::unique_ptr<Interest>;

// Whether the keys of `a` end after those of `b`.
bool EndsAfter(const Wish& a, const Wish& b) {
  const mvcc::KeyRange end_a = a.range();
  const mvcc::KeyRange end_b = b.range();
  if (end_a.open_end || end_b.open_end) return end_a.open_end && !end_b.open_end;
  return end_a.end > end_b.end;
}

void Update(Interest* node) {
  node->furthest = node->wish.get();
  for (const Interest* child : {node->left.get(), node->right.get()}) {
    if (child != nullptr && EndsAfter(*child->furthest, *node->furthest)) {
      node->furthest = child->furthest;
    }
  }
}

// The nodes below `wish`, and the others.
std::pair<Tree, Tree> Split(Tree tree, const Wish& wish) {
  if (tree == nullptr) return {};
  std::pair<Tree, Tree> parts;
  if (*tree->wish < wish) {
    parts = Split(std::move(tree->right), wish);
    tree->right = std::move(parts.first);
    Update(tree.get());
    parts.first = std::move(tree);
  } else {
    parts = Split(std::move(tree->left), wish);
    tree->left = std::move(parts.second);
    Update(tree.get());
    parts.second = std::move(tree);
  }
  return parts;
}

// All of `low` is below all of `high`.
Tree Join(Tree low, Tree high) {
  if (low == nullptr) return high;
  if (high == nullptr) return low;
  Tree& top = low->priority > high->priority ? low : high;
  if (&top == &low) {
    low->right = Join(std::move(low->right), std::move(high));
  } else {
    high->left = Join(std::move(low), std::move(high->left));
  }
  Update(top.get());
  return std::move(top);
}

// Takes the node of `wish`, which is there, out of the tree.
Tree Extract(Tree* tree, const Wish& wish) {
  Interest* const node = tree->get();
  Tree taken;
  if (*node->wish == wish) {
    taken = std::move(*tree);
    *tree = Join(std::move(taken->left), std::move(taken->right));
    return taken;
  }
  taken = Extract(wish < *node->wish ? &node->left : &node->right, wish);
  Update(node);
  return taken;
}

// A sequence that looks like chance and is the same in each run (SplitMix64: Steele, Lea and Flood,
// "Fast splittable pseudorandom number generators", 2014). Whoever chooses the wishes does not see
// it; and if he did, he could make lookups slow only among his own.
uint64_t Scrambled(uint64_t number) {
  uint64_t z = number * 0x9e3779b97f4a7c15;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

}  // namespace

Interests::~Interests() = default;

void Interests::Add(Watcher* watcher, Group* group) {
  Interest* const interest = FindOrInsert(watcher->wish, group);
  watcher->wish = interest->wish;  // one for all
  watcher->interest = interest;
  watcher->place = interest->watchers.size();
  interest->watchers.push_back(watcher);
  ++watchers_;
}

void Interests::Remove(Watcher* watcher, const std::function<void(Interest&)>& on_gone) {
  Interest* const interest = std::exchange(watcher->interest, nullptr);
  Watcher* const last = interest->watchers.back();
  interest->watchers[watcher->place] = last;
  last->place = watcher->place;
  interest->watchers.pop_back();
  --watchers_;
  if (!interest->watchers.empty()) return;
  on_gone(*interest);
  Detach(interest);
}

void Interests::Take(Interests&& other, Group* group) {
  for (auto& [key, first] : other.points_) {
    for (std::unique_ptr<Interest> at = std::move(first); at != nullptr;) {
      std::unique_ptr<Interest> rest = std::move(at->next);
      TakeOne(std::move(at), group);
      at = std::move(rest);
    }
  }
  other.points_.clear();
  TakeTree(std::move(other.ranges_), group);
  watchers_ += std::exchange(other.watchers_, 0);
}

void Interests::TakeTree(Tree tree, Group* group) {
  while (tree != nullptr) {
    TakeTree(std::move(tree->left), group);
    Tree right = std::move(tree->right);
    TakeOne(std::move(tree), group);
    tree = std::move(right);
  }
}

void Interests::TakeOne(std::unique_ptr<Interest> interest, Group* group) {
  Interest* const same = FindOrInsert(interest->wish, group);
  for (Watcher* const watcher : interest->watchers) {
    watcher->wish = same->wish;
    watcher->interest = same;
    watcher->place = same->watchers.size();
    same->watchers.push_back(watcher);
  }
}

Watcher* Interests::Any() const {
  const Interest& interest = ranges_ != nullptr ? *ranges_ : *points_.begin()->second;
  return interest.watchers.back();
}

Interest* Interests::FindOrInsert(const std::shared_ptr<const Wish>& wish, Group* group) {
  if (wish->is_one_key()) {
    const auto found = points_.find(wish->key);
    Interest* at = found == points_.end() ? nullptr : found->second.get();
    for (; at != nullptr; at = at->next.get()) {
      if (*at->wish == *wish) return at;
    }
  } else if (Interest* const found = FindInTree(*wish); found != nullptr) {
    return found;
  }
  auto interest = std::make_unique<Interest>();
  interest->wish = wish;
  interest->group = group;
  Interest* const inserted = interest.get();
  Insert(std::move(interest));
  return inserted;
}

Interest* Interests::FindInTree(const Wish& wish) const {
  Interest* node = ranges_.get();
  while (node != nullptr && *node->wish != wish) {
    node = wish < *node->wish ? node->left.get() : node->right.get();
  }
  return node;
}

void Interests::Insert(std::unique_ptr<Interest> interest) {
  const Wish& wish = *interest->wish;
  if (wish.is_one_key()) {
    // The map's key belongs to the chain's first link, so that one stays the first.
    const auto found = points_.find(wish.key);
    if (found == points_.end()) {
      points_.emplace(wish.key, std::move(interest));
    } else {
      interest->next = std::move(found->second->next);
      found->second->next = std::move(interest);
    }
    return;
  }
  interest->priority = Scrambled(++inserted_);
  Update(interest.get());
  auto [low, high] = Split(std::move(ranges_), wish);
  ranges_ = Join(Join(std::move(low), std::move(interest)), std::move(high));
}

std::unique_ptr<Interest> Interests::Detach(Interest* interest) {
  if (interest->wish->is_one_key()) return DetachPoint(interest);
  return Extract(&ranges_, *interest->wish);
}

std::unique_ptr<Interest> Interests::DetachPoint(Interest* interest) {
  const auto found = points_.find(interest->wish->key);
  CHECK(found != points_.end());
  std::unique_ptr<Interest> chain = std::move(found->second);
  points_.erase(found);  // its name is the first link's
  std::unique_ptr<Interest>* at = &chain;
  while (at->get() != interest) at = &(*at)->next;
  std::unique_ptr<Interest> taken = std::move(*at);
  *at = std::move(taken->next);
  if (chain != nullptr) points_.emplace(chain->wish->key, std::move(chain));
  return taken;
}

}  // namespace watch
