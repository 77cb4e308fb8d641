#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "storage/mvcc/key_range.h"
#include "storage/mvcc/key_record.h"

namespace mvcc {

// All keys in order with their revisions: a B+ tree whose inner nodes know, of each child, how
// many of its keys exist and how new its newest change is. A subtree without changes past a
// revision is thus counted, or passed over if nothing in it exists, without being entered.
//
// Leaves hold, beside each record, the eight bytes that follow the prefix which all keys of the
// leaf share ("poor man's normalized keys", Graefe and Larson 2001): a search in a leaf looks at
// few keys themselves. A node is freed when it becomes empty, not merged when it is half empty
// (Johnson and Shasha 1993): keys are removed by compaction only.
//
// Not synchronised: readers may share it while nobody changes it.
class KeyIndex {
 public:
  KeyIndex();
  ~KeyIndex();
  KeyIndex(const KeyIndex&) = delete;
  KeyIndex& operator=(const KeyIndex&) = delete;

  // Keys known, deleted ones that are not compacted yet among them.
  size_t size() const { return size_; }
  // Null without such a key.
  const KeyRecord* Find(base::ByteView key) const;

  struct PutResult {
    const KeyRecord* record;
    // The change that was in force, if it had a lease; 0/0 otherwise.
    Revision leased_before;
  };
  // A put of `key` at `revision`, whose main is not below any before.
  PutResult Put(base::ByteView key, Revision revision, bool has_lease);
  // A deletion of `key`, which exists.
  void Delete(base::ByteView key, Revision revision);
  // Forgets what a compaction at `compact` does not keep of `key`, if it is known.
  void Compact(base::ByteView key, int64_t compact);
  // Replaces everything; `records` are ascending by key.
  void Build(std::vector<KeyRecord::Owner> records);

  // Ends a walk over a range when it has taken long enough: the walk of a revision that much
  // changed after has to look at many keys, few of which may exist.
  struct Pause {
    // Keys, and subtrees that are passed over, that may still be looked at; a walk goes at most a
    // leaf beyond it and always moves on.
    size_t looks_left;
    // Set when they were used up: where another walk has to begin, past all that was looked at.
    std::optional<base::Bytes> at;
  };

  // How many keys of the range exist as of `main`, up to `pause->at` if that is set.
  uint64_t Count(const KeyRange& range, int64_t main, Pause* pause) const;
  uint64_t Count(const KeyRange& range, int64_t main) const;
  // Whether any key does.
  bool AnyExists(int64_t main) const;
  // Calls `visit` for each key of the range that exists as of `main`, ascending, until it returns
  // false. Returns whether the end of the range was reached.
  using Visitor = std::function<bool(const KeyRecord& record, Revision at)>;
  bool Visit(const KeyRange& range, int64_t main, const Visitor& visit, Pause* pause) const;
  bool Visit(const KeyRange& range, int64_t main, const Visitor& visit) const;

 private:
  struct Node;
  struct Leaf;
  struct Inner;
  struct Summary;
  struct Split;
  class Change;

  static void Free(Node* node);
  static Split Apply(Node* node, base::ByteView key, Change* change, Summary* summary);
  static Split ApplyToLeaf(Leaf* leaf, base::ByteView key, Change* change, Summary* summary);
  static bool CompactIn(Node* node, base::ByteView key, int64_t compact, Summary* summary,
                        size_t* size);
  void Grow(Split split);

  Node* root_;
  std::unique_ptr<Summary> summary_;  // of the root
  size_t size_ = 0;
};

}  // namespace mvcc
