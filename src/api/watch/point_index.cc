#include "api/watch/point_index.h"

#include <bit>
#include <functional>
#include <utility>

#include "base/check.h"

namespace watch {

Interest* PointIndex::Find(const Wish& wish) const {
  Interest* found = nullptr;
  ForEachOf(wish.key, [&](Interest& interest) {
    if (*interest.wish == wish) found = &interest;
  });
  return found;
}

void PointIndex::Insert(std::unique_ptr<Interest> interest) {
  interest->hash = HashOf(interest->wish->key);
  const size_t last = buckets_.size();
  buckets_.emplace_back();
  // Those that one bit of the hash tells from others of an older bucket.
  if (last > 0) PushAll(std::move(buckets_[last - std::bit_floor(last)]));
  Push(std::move(interest));
}

std::unique_ptr<Interest> PointIndex::Extract(const Interest& interest) {
  std::unique_ptr<Interest>* at = &buckets_[BucketOf(interest.hash)];
  while (at->get() != &interest) {
    CHECK(*at != nullptr);
    at = &(*at)->next;
  }
  std::unique_ptr<Interest> taken = std::move(*at);
  *at = std::move(taken->next);
  std::unique_ptr<Interest> of_last = std::move(buckets_.back());
  buckets_.pop_back();
  PushAll(std::move(of_last));
  return taken;
}

// From the last bucket on: those that are empty there go with the next that is extracted.
Interest& PointIndex::Any() const {
  auto bucket = buckets_.rbegin();
  while (*bucket == nullptr) ++bucket;
  return **bucket;
}

uint64_t PointIndex::HashOf(base::ByteView key) {
  return std::hash<base::ByteView>()(key);
}

// Of 2^n + k buckets, k are told from those 2^n below them by one bit of the hash more.
size_t PointIndex::BucketOf(uint64_t hash) const {
  const uint64_t low = std::bit_floor(buckets_.size());
  const uint64_t place = hash & (2 * low - 1);
  return place < buckets_.size() ? place : place & (low - 1);
}

void PointIndex::Push(std::unique_ptr<Interest> interest) {
  std::unique_ptr<Interest>& bucket = buckets_[BucketOf(interest->hash)];
  interest->next = std::move(bucket);
  bucket = std::move(interest);
}

void PointIndex::PushAll(std::unique_ptr<Interest> chain) {
  while (chain != nullptr) {
    std::unique_ptr<Interest> rest = std::move(chain->next);
    Push(std::move(chain));
    chain = std::move(rest);
  }
}

}  // namespace watch
