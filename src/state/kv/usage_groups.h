#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "storage/mvcc/key_value.h"

namespace kv {

// Keys by what they have in common up to a delimiter, and the largest of these groups. Keys come in
// their order, so that those of a group come one after the other: what is kept are the largest
// groups so far, one that is being counted, and the sum of all others, however many there are.
class UsageGroups {
 public:
  struct Group {
    base::Bytes prefix;  // empty: of the sum
    int64_t keys = 0;
    int64_t bytes = 0;
    int64_t revisions = 0;
  };

  // Groups end with the first delimiter behind the first `prefix_size` bytes of their keys; `limit`
  // of them, at least one, are kept.
  UsageGroups(size_t prefix_size, base::Bytes delimiter, size_t limit)
      : prefix_size_(prefix_size), delimiter_(std::move(delimiter)), limit_(limit) {}

  // One that comes behind all before.
  void Add(const mvcc::KeyValue& pair);
  // What is kept, in bytes.
  size_t held_bytes() const { return held_bytes_ + SizeOf(current_); }
  // After the last pair, once: the largest groups, by size and then by name, and the sum of the
  // others if there are any.
  std::vector<Group> Take();

 private:
  static size_t SizeOf(const Group& group) { return sizeof(Group) + group.prefix.size(); }
  // Whether `a` comes before `b` in the answer.
  static bool Precedes(const Group& a, const Group& b);
  base::ByteView PrefixOf(base::ByteView key) const;
  // The group that was being counted is whole.
  void End();
  void AddToRest(const Group& group);

  const size_t prefix_size_;
  const base::Bytes delimiter_;
  const size_t limit_;
  Group current_;               // without keys: before the first
  std::vector<Group> largest_;  // a heap: what is to be left out next is in front
  size_t held_bytes_ = 0;       // of largest_
  Group rest_;
};

}  // namespace kv
