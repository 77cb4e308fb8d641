#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>

#include "api/watch/interest.h"
#include "base/bytes.h"

namespace watch {

// Interests in one key each, by that key: a hash table that grows and shrinks by one bucket at a
// time (linear hashing: Litwin, "Linear hashing: a new tool for file and table addressing", 1980),
// so that however many there are, nobody ever waits for all of them to be moved.
class PointIndex {
 public:
  // Calls `visit(Interest&)` for each interest in `key`.
  template <typename Visit>
  void ForEachOf(base::ByteView key, Visit&& visit) const {
    if (buckets_.empty()) return;
    const uint64_t hash = HashOf(key);
    for (Interest* at = buckets_[BucketOf(hash)].get(); at != nullptr; at = at->next.get()) {
      if (at->hash == hash && at->wish->key == key) visit(*at);
    }
  }
  // Null if there is none.
  Interest* Find(const Wish& wish) const;

  // Its wish is for one key, and not there yet.
  void Insert(std::unique_ptr<Interest> interest);
  // It is there.
  std::unique_ptr<Interest> Extract(const Interest& interest);

  bool empty() const { return buckets_.empty(); }
  // One of them, which one ever; there is one.
  Interest& Any() const;

 private:
  static uint64_t HashOf(base::ByteView key);
  size_t BucketOf(uint64_t hash) const;
  void Push(std::unique_ptr<Interest> interest);
  void PushAll(std::unique_ptr<Interest> chain);
  // As many as there are interests.
  std::deque<std::unique_ptr<Interest>> buckets_;
};

}  // namespace watch
