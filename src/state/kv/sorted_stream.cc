#include "state/kv/sorted_stream.h"

#include <span>
#include <vector>

#include "base/wire.h"

namespace kv {
namespace {

constexpr uint32_t kRangeResponse = etcdserverpb::RangeStreamResponse::kRangeResponseFieldNumber;

}  // namespace

base::Result<bool> SortedStream::Step() {
  if (!read_.has_value()) {
    ASSIGN_OR_RETURN(RangeRead read, RangeRead::Open(reads_, request_));
    read_.emplace(std::move(read));
  }
  return read_->Step();
}

size_t SortedStream::ChunkSize(ResponseHeader header) {
  header.revision = read_->revision();
  const std::vector<mvcc::KeyValue>& pairs = read_->sorted_pairs();
  pairs_bytes_ = 0;
  for (end_ = begin_; end_ < pairs.size() && pairs_bytes_ < chunk_bytes_; ++end_) {
    pairs_bytes_ += RangeRead::PairSize(pairs[end_]);
  }
  return base::WireBytesSize(kRangeResponse, BodySize(header));
}

size_t SortedStream::BodySize(const ResponseHeader& header) const {
  if (end_ < read_->size()) return pairs_bytes_;
  return HeaderSize(header) + pairs_bytes_ + RangeRead::TailSize(read_->more(), read_->count());
}

char* SortedStream::WriteChunk(ResponseHeader header, char* out) {
  header.revision = read_->revision();
  last_ = end_ == read_->size();
  base::WireFiller filler(out);
  filler.BytesHeader(kRangeResponse, BodySize(header));
  out = filler.end();
  if (last_) out = WriteHeader(header, out);
  const std::span pairs(read_->sorted_pairs());
  for (const mvcc::KeyValue& pair : pairs.subspan(begin_, end_ - begin_)) {
    out = RangeRead::WritePair(pair, out);
  }
  begin_ = end_;
  return last_ ? RangeRead::WriteTail(read_->more(), read_->count(), out) : out;
}

void SortedStream::Release() {
  read_.reset();
  begin_ = 0;
}

}  // namespace kv
