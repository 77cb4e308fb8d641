#pragma once

#include <cstddef>
#include <optional>

#include "base/result.h"
#include "proto/rpc.pb.h"
#include "state/kv/range.h"
#include "state/kv/response_header.h"
#include "storage/mvcc/reads.h"

namespace kv {

// A RangeRequest with a sort target answered in chunks of about `chunk_bytes`: as a whole in that
// order, like the answer of Range. So all of it is read before the first chunk can be made, and
// until the last one is made its revision is pinned. etcd 3.7 sorts each chunk alone.
class SortedStream {
 public:
  // `request` was checked with CheckRangeStream and IsSorted; it and `reads` outlive this.
  SortedStream(mvcc::Reads* reads, const etcdserverpb::RangeRequest& request, size_t chunk_bytes)
      : reads_(*reads), request_(request), chunk_bytes_(chunk_bytes) {}

  // Does a part of reading and sorting, as RangeRead::Step does; true when all is done.
  base::Result<bool> Step();
  // What is kept of the pairs, in bytes: where they are, not they themselves.
  size_t held_bytes() const { return read_.has_value() ? read_->held_bytes() : 0; }

  // After that the chunks, one after the other, each a RangeStreamResponse; the last one has the
  // header, whose revision this sets, whether the limit cut the answer, and the count.
  bool HasChunk() const { return !last_; }
  size_t ChunkSize(ResponseHeader header);
  // Of that size; to the next chunk.
  char* WriteChunk(ResponseHeader header, char* out);

  // Lets go of the store. What was not made yet is begun again.
  void Release();

 private:
  size_t BodySize(const ResponseHeader& header) const;

  mvcc::Reads& reads_;
  const etcdserverpb::RangeRequest& request_;
  const size_t chunk_bytes_;
  std::optional<RangeRead> read_;
  // The chunk that was measured: these pairs of the sorted ones.
  size_t begin_ = 0;
  size_t end_ = 0;
  size_t pairs_bytes_ = 0;
  bool last_ = false;  // and it was made
};

}  // namespace kv
