#include "net/rpc/gzip.h"

#include <zlib.h>

#include <algorithm>
#include <string>

#include "base/bytes.h"
#include "base/check.h"

namespace rpc {
namespace {

// zlib's window of 32 KiB, with the gzip header and trailer.
constexpr int kGzipWindowBits = 15 + 16;
constexpr int kMemoryLevel = 8;
constexpr size_t kGrowthBytes = 64 * 1024;

Bytef* Input(base::ByteView bytes) {
  return reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
}

// How many bytes the last four say there were, modulo 2^32 (RFC 1952, ISIZE).
size_t ClaimedSize(base::ByteView bytes) {
  if (bytes.size() < sizeof(uint32_t)) return 0;
  return base::Load32Le(bytes.data() + bytes.size() - sizeof(uint32_t));
}

}  // namespace

struct GzipCompressor::State {
  z_stream stream = {};
};

GzipCompressor::GzipCompressor(base::ByteView bytes)
    : rest_(bytes), state_(std::make_unique<State>()) {
  z_stream& stream = state_->stream;
  CHECK(deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, kGzipWindowBits, kMemoryLevel,
                     Z_DEFAULT_STRATEGY) == Z_OK);
}

GzipCompressor::~GzipCompressor() {
  deflateEnd(&state_->stream);
}

bool GzipCompressor::Step(size_t max) {
  z_stream& stream = state_->stream;
  const base::ByteView piece = rest_.substr(0, max);
  rest_.remove_prefix(piece.size());
  stream.next_in = Input(piece);
  stream.avail_in = static_cast<uInt>(piece.size());
  int result = Z_OK;
  do {
    const size_t used = compressed_.size();
    compressed_.resize(used + deflateBound(&stream, piece.size()));
    stream.next_out = reinterpret_cast<Bytef*>(compressed_.data() + used);
    stream.avail_out = static_cast<uInt>(compressed_.size() - used);
    result = deflate(&stream, rest_.empty() ? Z_FINISH : Z_NO_FLUSH);
    compressed_.resize(stream.total_out);
  } while (result == Z_OK && (rest_.empty() || stream.avail_in > 0));
  return result == Z_STREAM_END;
}

base::Bytes GzipCompress(base::ByteView bytes) {
  GzipCompressor compressor(bytes);
  CHECK(compressor.Step(bytes.size()));
  return base::Bytes(compressor.result());
}

struct GzipDecompressor::State {
  z_stream stream = {};
};

GzipDecompressor::GzipDecompressor(base::ByteView bytes, size_t max_bytes)
    : max_(max_bytes),
      claimed_(std::min(max_bytes, ClaimedSize(bytes))),
      state_(std::make_unique<State>()) {
  z_stream& stream = state_->stream;
  CHECK(inflateInit2(&stream, kGzipWindowBits) == Z_OK);
  stream.next_in = Input(bytes);
  stream.avail_in = static_cast<uInt>(bytes.size());
}

GzipDecompressor::~GzipDecompressor() {
  inflateEnd(&state_->stream);
}

base::Result<bool> GzipDecompressor::Step(size_t max) {
  z_stream& stream = state_->stream;
  const size_t used = plain_.size();
  // One byte more tells that there are too many.
  plain_.reserve(claimed_ + 1);
  plain_.resize(used + std::min(max, claimed_ + 1 - used));
  stream.next_out = reinterpret_cast<Bytef*>(plain_.data() + used);
  stream.avail_out = static_cast<uInt>(plain_.size() - used);
  const int result = inflate(&stream, Z_NO_FLUSH);
  plain_.resize(plain_.size() - stream.avail_out);
  if (plain_.size() > max_) {
    return base::Status(
        base::Code::kResourceExhausted,
        "grpc: received message after decompression larger than max " + std::to_string(max_));
  }
  const bool member_ends = result == Z_STREAM_END;
  const bool lacks_input = result == Z_OK && stream.avail_in == 0 && stream.avail_out > 0;
  if (lacks_input || (result != Z_OK && !member_ends)) {
    return base::Status(base::Code::kInternal,
                        "grpc: failed to decompress the received message: invalid gzip data");
  }
  if (member_ends && stream.avail_in == 0) return true;
  if (member_ends) CHECK(inflateReset(&stream) == Z_OK);
  // The last four bytes tell of the last member, or lie, which zlib finds at the member's end.
  if (member_ends || plain_.size() > claimed_) claimed_ = max_;
  return false;
}

base::Result<base::Bytes> GzipDecompress(base::ByteView bytes, size_t max_bytes) {
  GzipDecompressor decompressor(bytes, max_bytes);
  for (bool done = false; !done;) {
    ASSIGN_OR_RETURN(done, decompressor.Step(kGrowthBytes));
  }
  return base::Bytes(decompressor.result());
}

}  // namespace rpc
