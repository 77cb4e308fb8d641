#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <list>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace identity {

// A table of what was used of late, bounded in bytes. Its keys are spread over parts that have a
// lock and an equal share of the bytes each, so that loops which look at the same time rarely meet.
// What was put or found last stays longest. Any thread.
template <typename Value>
class RecentTable {
 public:
  explicit RecentTable(size_t bytes_max) : part_bytes_max_(bytes_max / kParts) {}

  // Puts a value, in place of the one that the key has. Of its part, those that were not used for
  // longest go while there is no room; one that is larger than its part's share is not kept.
  // `is_over` says of a value that it counts no more: of those that were not used for longest a few
  // are asked, so that what is over goes in the long run without a search for it.
  template <typename IsOver>
  void Put(std::string_view key, Value value, size_t value_bytes, IsOver&& is_over) {
    constexpr int kAsked = 2;
    const size_t bytes = key.size() + value_bytes + kOverheadBytes;
    const Key hashed = Hashed(key);
    Part& part = PartOf(hashed);
    const std::lock_guard lock(part.mutex);
    part.Erase(hashed);
    if (bytes > part_bytes_max_) return;
    while (part.bytes + bytes > part_bytes_max_) part.EraseOldest();
    for (int i = 0; i < kAsked && !part.nodes.empty(); ++i) {
      if (!is_over(part.nodes.front().value)) break;
      part.EraseOldest();
    }
    Node& node = part.nodes.emplace_back(Node{std::string(key), std::move(value), bytes});
    part.index.emplace(Key{node.key, hashed.hash}, std::prev(part.nodes.end()));
    part.bytes += bytes;
  }

  // Calls `use` with the key's value, if there is one, under the lock of its part. The value has
  // been used now, or is forgotten if `use` returns false. Whether it was there and is.
  template <typename Use>
  bool Find(std::string_view key, Use&& use) {
    const Key hashed = Hashed(key);
    Part& part = PartOf(hashed);
    const std::lock_guard lock(part.mutex);
    const auto found = part.index.find(hashed);
    if (found == part.index.end()) return false;
    if (!use(found->second->value)) {
      part.Erase(hashed);
      return false;
    }
    part.nodes.splice(part.nodes.end(), part.nodes, found->second);
    return true;
  }

  size_t bytes() const {
    size_t bytes = 0;
    for (const Part& part : parts_) {
      const std::lock_guard lock(part.mutex);
      bytes += part.bytes;
    }
    return bytes;
  }

 private:
  static constexpr size_t kParts = 16;
  // About what the allocator, the list and the index take for a value beside its bytes.
  static constexpr size_t kOverheadBytes = 160;

  struct Key {
    std::string_view text;
    size_t hash;
    friend bool operator==(const Key& a, const Key& b) {
      return a.hash == b.hash && a.text == b.text;
    }
  };
  struct HashOf {
    size_t operator()(const Key& key) const { return key.hash; }
  };
  struct Node {
    std::string key;
    Value value;
    size_t bytes;
  };
  using Index = std::unordered_map<Key, typename std::list<Node>::iterator, HashOf>;
  // Its own cache lines, since several threads write to the parts at the same time.
  struct alignas(128) Part {
    void Erase(const Key& key) {
      const auto found = index.find(key);
      if (found == index.end()) return;
      const auto node = found->second;
      bytes -= node->bytes;
      index.erase(found);  // before the node, in which its key lies
      nodes.erase(node);
    }
    void EraseOldest() { Erase(Hashed(nodes.front().key)); }

    mutable std::mutex mutex;
    std::list<Node> nodes;  // the one that was used last is at the end
    Index index;
    size_t bytes = 0;
  };

  static Key Hashed(std::string_view text) { return {text, std::hash<std::string_view>()(text)}; }
  // By the upper bits: the index goes by the lower ones.
  Part& PartOf(const Key& key) { return parts_[(key.hash >> 32) % kParts]; }

  const size_t part_bytes_max_;
  std::array<Part, kParts> parts_;
};

}  // namespace identity
