#include "api/watch/interests.h"

#include <algorithm>
#include <utility>

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
Tree ExtractFromTree(Tree* tree, const Wish& wish) {
  Interest* const node = tree->get();
  Tree taken;
  if (*node->wish == wish) {
    taken = std::move(*tree);
    *tree = Join(std::move(taken->left), std::move(taken->right));
    return taken;
  }
  taken = ExtractFromTree(wish < *node->wish ? &node->left : &node->right, wish);
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

void AddTo(Interest* interest, Watcher* watcher) {
  watcher->wish = interest->wish;  // one for all
  watcher->interest = interest;
  watcher->place = interest->watchers.size();
  interest->watchers.push_back(watcher);
}

}  // namespace

Interests::~Interests() = default;

void Interests::Add(Watcher* watcher, Group* group) {
  Interest* interest = Find(*watcher->wish);
  if (interest == nullptr) {
    auto created = std::make_unique<Interest>();
    created->wish = watcher->wish;
    interest = Insert(std::move(created), group);
  }
  AddTo(interest, watcher);
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
  Extract(*interest);
}

void Interests::TakeSome(Interests* other, Group* group, size_t watchers_max) {
  Interest& from = other->AnyInterest();
  Interest* const same = Find(*from.wish);
  size_t taken = from.watchers.size();
  if (same == nullptr) {
    Insert(other->Extract(from), group);
  } else {
    taken = std::min(taken, watchers_max);
    for (size_t i = 0; i < taken; ++i) {
      AddTo(same, from.watchers.back());
      from.watchers.pop_back();
    }
    if (from.watchers.empty()) other->Extract(from);
  }
  other->watchers_ -= taken;
  watchers_ += taken;
}

Interest* Interests::Find(const Wish& wish) const {
  return wish.is_one_key() ? points_.Find(wish) : FindInTree(wish);
}

Interest* Interests::FindInTree(const Wish& wish) const {
  Interest* node = ranges_.get();
  while (node != nullptr && *node->wish != wish) {
    node = wish < *node->wish ? node->left.get() : node->right.get();
  }
  return node;
}

Interest* Interests::Insert(std::unique_ptr<Interest> interest, Group* group) {
  Interest* const inserted = interest.get();
  inserted->group = group;
  if (inserted->wish->is_one_key()) {
    points_.Insert(std::move(interest));
  } else {
    InsertInTree(std::move(interest));
  }
  return inserted;
}

void Interests::InsertInTree(std::unique_ptr<Interest> interest) {
  interest->priority = Scrambled(++inserted_);
  Update(interest.get());
  auto [low, high] = Split(std::move(ranges_), *interest->wish);
  ranges_ = Join(Join(std::move(low), std::move(interest)), std::move(high));
}

std::unique_ptr<Interest> Interests::Extract(const Interest& interest) {
  if (interest.wish->is_one_key()) return points_.Extract(interest);
  return ExtractFromTree(&ranges_, *interest.wish);
}

}  // namespace watch
