#pragma once

#include <cstddef>
#include <cstdint>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/result.h"
#include "proto/rpc.pb.h"
#include "state/kv/held_pins.h"
#include "state/kv/range.h"
#include "state/kv/range_walk.h"
#include "state/kv/response_header.h"
#include "storage/mvcc/reads.h"

namespace kv {

// The answer to a range that was read once to know its size, read again as its client takes it:
// piece by piece, at the same revision. It holds on to the pin of the first reading as long as
// `pins` let it; a client that is slower than that keeps neither compaction nor the database
// waiting, and if the revision is compacted meanwhile, the next piece fails with kCompacted. On the
// thread of the reads, which outlive it.
class RangeBody {
 public:
  // `read` is done, has a pin of its own, which is taken from it, and is in the order of the keys;
  // `request` is its request.
  RangeBody(const ResponseHeader& header, RangeRead* read, mvcc::Reads* reads, HeldPins* pins,
            const etcdserverpb::RangeRequest& request);

  // All of it, the header included.
  size_t size() const { return size_; }
  // The next piece, of about `max` bytes; empty if it has to look further, and at the end.
  base::Result<base::Bytes> Next(size_t max);

 private:
  base::Status AddPairs(size_t max, base::Bytes* piece);
  base::Status AddPairs(const mvcc::ReadPin& pin, size_t max, base::Bytes* piece);
  // Of the next keys of the walk, `max` of them, those that are asked for. Returns how much work
  // that was.
  base::Result<size_t> AddSlice(RangeWalk& walk, size_t max, base::Bytes* piece);
  base::Result<size_t> AddKeysSlice(RangeWalk& walk, size_t max, base::Bytes* piece);
  template <typename Pair>
  void Add(const Pair& pair, base::Bytes* piece);
  void AddTail(base::Bytes* piece) const;

  mvcc::Reads& reads_;
  const etcdserverpb::RangeRequest request_;
  const base::Revision revision_;  // that is read
  const HeldPins::Place held_;
  const size_t size_;
  const size_t usual_pair_bytes_;
  const bool more_;
  const uint64_t count_;
  base::Bytes begin_;   // what stands before the pairs, until it was given
  size_t pairs_left_;   // to be given
  base::Bytes resume_;  // the least key that was not given; empty before the first
  bool ended_ = false;
};

}  // namespace kv
