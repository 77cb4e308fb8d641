#include "storage/mvcc/key_index.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "storage/mvcc/key_index_node.h"

namespace mvcc {

// One put or deletion on its way down the tree.
class KeyIndex::Change {
 public:
  Change(Revision revision, bool is_delete, bool has_lease)
      : revision_(revision), is_delete_(is_delete), has_lease_(has_lease) {}

  void ApplyTo(KeyRecord* record) {
    const bool was_live = record->live();
    if (record->has_lease()) leased_before_ = record->modified();
    if (is_delete_) {
      record->Delete(revision_);
    } else {
      record->Put(revision_, has_lease_);
    }
    live_added_ = (record->live() ? 1 : 0) - (was_live ? 1 : 0);
    record_ = record;
  }
  // Of a node that the record is in.
  void AddTo(Summary* summary) const {
    summary->live += static_cast<uint64_t>(live_added_);
    summary->newest_main = std::max(summary->newest_main, revision_.main);
  }
  bool is_delete() const { return is_delete_; }
  PutResult result() const { return {record_, leased_before_}; }

  bool inserted = false;

 private:
  const Revision revision_;
  const bool is_delete_;
  const bool has_lease_;
  KeyRecord* record_ = nullptr;
  Revision leased_before_;
  int64_t live_added_ = 0;
};

KeyIndex::KeyIndex() : root_(new Leaf), summary_(std::make_unique<Summary>()) {}

KeyIndex::~KeyIndex() {
  Free(root_);
}

void KeyIndex::Free(Node* node) {
  if (node->is_leaf) {
    auto* const leaf = static_cast<Leaf*>(node);
    for (size_t i = 0; i < leaf->count; ++i) KeyRecord::Deleter()(leaf->records[i]);
    delete leaf;
    return;
  }
  auto* const inner = static_cast<Inner*>(node);
  for (size_t i = 0; i < inner->count; ++i) Free(inner->children[i]);
  delete inner;
}

const KeyRecord* KeyIndex::Find(base::ByteView key) const {
  const Node* node = root_;
  while (!node->is_leaf) {
    const auto* const inner = static_cast<const Inner*>(node);
    node = inner->children[inner->ChildOf(key)];
  }
  return static_cast<const Leaf*>(node)->Find(key);
}

KeyIndex::PutResult KeyIndex::Put(base::ByteView key, Revision revision, bool has_lease) {
  Change change(revision, false, has_lease);
  Grow(Apply(root_, key, &change, summary_.get()));
  if (change.inserted) ++size_;
  return change.result();
}

void KeyIndex::Delete(base::ByteView key, Revision revision) {
  Change change(revision, true, false);
  Apply(root_, key, &change, summary_.get());
}

KeyIndex::Split KeyIndex::Apply(Node* node, base::ByteView key, Change* change, Summary* summary) {
  if (node->is_leaf) return ApplyToLeaf(static_cast<Leaf*>(node), key, change, summary);
  auto* const inner = static_cast<Inner*>(node);
  const size_t place = inner->ChildOf(key);
  Split below = Apply(inner->children[place], key, change, &inner->summaries[place]);
  Split split;
  if (below.right != nullptr) {
    Inner* target = inner;
    size_t target_place = place + 1;
    if (inner->count == Inner::kMax) {
      auto* const right = new Inner;
      const size_t middle = target_place == Inner::kMax ? Inner::kMax - 1 : Inner::kMax / 2;
      inner->MoveTail(middle, right);
      split.right = right;
      split.low = right->lows[0];
      if (target_place > middle) {
        target = right;
        target_place -= middle;
      }
    }
    target->Insert(target_place, below.right, std::move(below.low), below.summary);
    if (split.right != nullptr) {
      split.summary = static_cast<Inner*>(split.right)->Summarize();
      *summary = inner->Summarize();
      return split;
    }
  }
  change->AddTo(summary);
  return split;
}

KeyIndex::Split KeyIndex::ApplyToLeaf(Leaf* leaf, base::ByteView key, Change* change,
                                      Summary* summary) {
  size_t place = leaf->LowerBound(key);
  if (leaf->Holds(place, key)) {
    change->ApplyTo(leaf->records[place]);
    change->AddTo(summary);
    return {};
  }
  CHECK(!change->is_delete());
  KeyRecord* const record = KeyRecord::New(key).release();
  change->inserted = true;
  if (leaf->count < Leaf::kMax) {
    leaf->Insert(place, record);
    change->ApplyTo(record);
    change->AddTo(summary);
    return {};
  }
  // Keys that arrive in order leave full leaves behind.
  auto* const right = new Leaf;
  const size_t middle = place == Leaf::kMax ? Leaf::kMax : Leaf::kMax / 2;
  leaf->MoveTail(middle, right);
  Leaf* target = leaf;
  if (place > middle || middle == Leaf::kMax) {
    target = right;
    place -= middle;
  }
  target->Insert(place, record);
  change->ApplyTo(record);
  *summary = leaf->Summarize();
  return {
      .right = right, .low = base::Bytes(right->records[0]->key()), .summary = right->Summarize()};
}

void KeyIndex::Grow(Split split) {
  if (split.right == nullptr) return;
  auto* const inner = new Inner;
  inner->Insert(0, root_, {}, *summary_);
  inner->Insert(1, split.right, std::move(split.low), split.summary);
  *summary_ = inner->Summarize();
  root_ = inner;
}

void KeyIndex::Compact(base::ByteView key, int64_t compact) {
  if (CompactIn(root_, key, compact, summary_.get(), &size_)) {
    Free(root_);
    root_ = new Leaf;
    *summary_ = Summary();
  }
  while (!root_->is_leaf && root_->count == 1) {
    auto* const inner = static_cast<Inner*>(root_);
    root_ = inner->children[0];
    delete inner;
  }
}

// Returns whether the node became empty. Compaction changes no live key, and newest_main may stay
// too high: then a subtree is entered that need not be.
bool KeyIndex::CompactIn(Node* node, base::ByteView key, int64_t compact, Summary* summary,
                         size_t* size) {
  if (node->is_leaf) {
    auto* const leaf = static_cast<Leaf*>(node);
    const size_t place = leaf->LowerBound(key);
    if (!leaf->Holds(place, key) || leaf->records[place]->Compact(compact)) return false;
    KeyRecord::Deleter()(leaf->records[place]);
    leaf->Erase(place);
    --*size;
    return leaf->count == 0;
  }
  auto* const inner = static_cast<Inner*>(node);
  const size_t place = inner->ChildOf(key);
  if (!CompactIn(inner->children[place], key, compact, &inner->summaries[place], size)) {
    return false;
  }
  Free(inner->children[place]);
  inner->Erase(place);
  *summary = inner->Summarize();
  return inner->count == 0;
}

void KeyIndex::Build(std::vector<KeyRecord::Owner> records) {
  // Room is left for keys to come in between.
  constexpr size_t kFill = 58;
  static_assert(kFill < Leaf::kMax && kFill < Inner::kMax);
  Free(root_);
  size_ = records.size();
  std::vector<Split> level;
  for (size_t first = 0; first < records.size(); first += kFill) {
    auto* const leaf = new Leaf;
    const size_t end = std::min(first + kFill, records.size());
    for (size_t i = first; i < end; ++i) leaf->records[leaf->count++] = records[i].release();
    leaf->Recompute();
    level.push_back({leaf, base::Bytes(leaf->records[0]->key()), leaf->Summarize()});
  }
  if (level.empty()) level.push_back({new Leaf, {}, {}});
  while (level.size() > 1) {
    std::vector<Split> above;
    for (size_t first = 0; first < level.size(); first += kFill) {
      auto* const inner = new Inner;
      base::Bytes low = level[first].low;
      const size_t end = std::min(first + kFill, level.size());
      for (size_t i = first; i < end; ++i) {
        inner->Insert(inner->count, level[i].right, std::move(level[i].low), level[i].summary);
      }
      above.push_back({inner, std::move(low), inner->Summarize()});
    }
    level = std::move(above);
  }
  root_ = level.front().right;
  *summary_ = level.front().summary;
}

}  // namespace mvcc
