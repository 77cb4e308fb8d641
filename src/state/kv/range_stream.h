#pragma once

#include <cstdint>
#include <optional>

#include "base/ids.h"
#include "base/result.h"
#include "proto/rpc.pb.h"
#include "state/kv/range.h"
#include "state/kv/response_header.h"
#include "storage/mvcc/reads.h"

namespace kv {

// A RangeRequest answered in chunks, all at the revision that was the current one, or asked for, at
// the start. Between two chunks nothing of the store need be held, so that a slow receiver costs
// nothing; a compaction that overtakes it ends it with kCompacted. Chunks grow and shrink until
// they have about `chunk_bytes`, as etcd's do. Keys come in their order; with a sort target an
// answer is a SortedStream.
class RangeStream {
 public:
  // `request` was checked with CheckRangeStream, and is not sorted. `reads` outlive this.
  RangeStream(mvcc::Reads* reads, const etcdserverpb::RangeRequest& request, size_t chunk_bytes);

  // Does a part of reading the next chunk, as RangeRead::Step does; true when it is there. Until
  // then, and until Release, a revision is pinned.
  base::Result<bool> Step();
  // Whether the chunk is the last.
  bool last() const { return last_; }

  // The chunk as a RangeStreamResponse; the last one has the header, whose revision this sets,
  // whether the limit cut the answer, and the count of the whole range.
  size_t ChunkSize(ResponseHeader header) const;
  char* WriteChunk(ResponseHeader header, char* out) const;
  // Lets go of the chunk and what it holds of the store. One that is not there yet is begun again.
  void Release() { chunk_.reset(); }

 private:
  base::Status Open();
  base::Status PrepareNext();
  size_t BodySize(const ResponseHeader& header) const;
  void AdjustLimit();

  mvcc::Reads* const reads_;
  etcdserverpb::RangeRequest request_;  // of the next chunk
  const size_t chunk_bytes_;
  const int64_t limit_;  // of all
  int64_t sent_ = 0;     // keys in all chunks so far
  base::Revision revision_;
  uint64_t count_ = 0;
  bool last_ = false;
  std::optional<RangeRead> chunk_;
  bool is_whole_ = false;  // the chunk
};

}  // namespace kv
