#include "state/kv/range_stream.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "base/check.h"
#include "base/wire.h"

namespace kv {
namespace {

constexpr int64_t kFirstChunkKeys = 10;

constexpr uint32_t kRangeResponse = etcdserverpb::RangeStreamResponse::kRangeResponseFieldNumber;

}  // namespace

RangeStream::RangeStream(mvcc::Reads* reads, const etcdserverpb::RangeRequest& request,
                         size_t chunk_bytes)
    : reads_(reads),
      request_(request),
      chunk_bytes_(chunk_bytes),
      limit_(request.limit() > 0 ? request.limit() : std::numeric_limits<int64_t>::max()) {
  request_.set_limit(std::min(kFirstChunkKeys, limit_));
}

base::Status RangeStream::Open() {
  ASSIGN_OR_RETURN(RangeRead read, RangeRead::Open(*reads_, request_));
  if (revision_ != base::Revision()) read.LeaveOutCount();
  chunk_.emplace(std::move(read));
  is_whole_ = false;
  return {};
}

base::Result<bool> RangeStream::Step() {
  CHECK(!last_);
  if (!chunk_.has_value() || is_whole_) RETURN_IF_ERROR(Open());
  ASSIGN_OR_RETURN(is_whole_, chunk_->Step());
  if (!is_whole_) return false;
  if (revision_ == base::Revision()) {
    revision_ = chunk_->revision();
    count_ = chunk_->count();
    if (request_.revision() <= 0) request_.set_revision(revision_.value());
  }
  sent_ += static_cast<int64_t>(chunk_->size());
  last_ = !chunk_->more() || sent_ == limit_;
  if (!last_) RETURN_IF_ERROR(PrepareNext());
  return true;
}

base::Status RangeStream::PrepareNext() {
  ASSIGN_OR_RETURN(const base::ByteView last_key, chunk_->LastKey());
  request_.set_key(base::Bytes(last_key) + '\0');
  AdjustLimit();
  return {};
}

// Between half and twice the size that is aimed at it stays, so that it settles.
void RangeStream::AdjustLimit() {
  int64_t limit = request_.limit();
  const size_t bytes = BodySize({});
  if (bytes < chunk_bytes_ / 2) limit *= 2;
  if (bytes > chunk_bytes_ * 2) limit = std::max<int64_t>(1, limit / 2);
  request_.set_limit(std::min(limit, limit_ - sent_));
}

size_t RangeStream::BodySize(const ResponseHeader& header) const {
  if (!last_) return chunk_->PairsSize();
  return HeaderSize(header) + chunk_->PairsSize() + RangeRead::TailSize(chunk_->more(), count_);
}

size_t RangeStream::ChunkSize(ResponseHeader header) const {
  header.revision = revision_;
  return base::WireBytesSize(kRangeResponse, BodySize(header));
}

char* RangeStream::WriteChunk(ResponseHeader header, char* out) const {
  header.revision = revision_;
  base::WireFiller filler(out);
  filler.BytesHeader(kRangeResponse, BodySize(header));
  out = filler.end();
  if (last_) out = WriteHeader(header, out);
  out = chunk_->WritePairs(out);
  return last_ ? RangeRead::WriteTail(chunk_->more(), count_, out) : out;
}

}  // namespace kv
