#pragma once

#include <cstddef>
#include <vector>

#include "proto/rpc.pb.h"
#include "storage/mvcc/key_value.h"

namespace kv {

// Whether the request asks for the order of the keys, or for none.
bool IsKeyOrder(const etcdserverpb::RangeRequest& request);
// Whether the answer is in another order than that of the keys. Compat: a target that is not the
// key is sorted by even if no order is asked for.
bool IsSorted(const etcdserverpb::RangeRequest& request);
bool IsFiltered(const etcdserverpb::RangeRequest& request);
// Whether the revisions of `kv` are what the request asks for; all bounds are inclusive.
bool Passes(const etcdserverpb::RangeRequest& request, const mvcc::KeyValue& kv);

// Pairs sorted as a request asks for, in steps that are short however many there are: runs are
// sorted as they come, and then merged. Pairs that are equal stay in the order they were added in.
class PairSorter {
 public:
  // `request` outlives this.
  explicit PairSorter(const etcdserverpb::RangeRequest* request) : request_(request) {}

  void Add(const mvcc::KeyValue& kv);
  size_t size() const { return size_; }
  size_t held_bytes() const { return runs_.size() * kRunBytes; }
  // After the last was added: appends the next `max`, as far as there are. Whether any are left.
  bool Take(size_t max, std::vector<mvcc::KeyValue>* sorted);
  // Lets go of them.
  void Clear();

 private:
  // Sorted in one go, which takes about a millisecond.
  static constexpr size_t kRunPairs = 4096;
  static constexpr size_t kRunBytes = kRunPairs * sizeof(mvcc::KeyValue);

  using Run = std::vector<mvcc::KeyValue>;
  // The part of a run that was not taken yet.
  struct Rest {
    size_t run;
    size_t next;
  };

  bool Less(const mvcc::KeyValue& a, const mvcc::KeyValue& b) const;
  bool ComesAfter(const Rest& a, const Rest& b) const;
  void SortLastRun();
  void BeginMerge();

  const etcdserverpb::RangeRequest* request_;
  size_t size_ = 0;
  std::vector<Run> runs_;
  bool merging_ = false;
  std::vector<Rest> rests_;  // a heap; that with the next pair is in front
};

}  // namespace kv
