#include "net/rpc/gzip.h"

#include <zlib.h>

#include <algorithm>
#include <string>

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

base::Result<base::Bytes> GzipDecompress(base::ByteView bytes, size_t max_bytes) {
  z_stream stream = {};
  CHECK(inflateInit2(&stream, kGzipWindowBits) == Z_OK);
  stream.next_in = Input(bytes);
  stream.avail_in = static_cast<uInt>(bytes.size());
  base::Bytes plain;
  int result = Z_OK;
  while (result == Z_OK && plain.size() <= max_bytes) {
    const size_t used = plain.size();
    plain.resize(used + kGrowthBytes);
    stream.next_out = reinterpret_cast<Bytef*>(plain.data() + used);
    stream.avail_out = kGrowthBytes;
    result = inflate(&stream, Z_NO_FLUSH);
    plain.resize(stream.total_out);
  }
  inflateEnd(&stream);
  if (plain.size() > max_bytes) {
    return base::Status(
        base::Code::kResourceExhausted,
        "grpc: received message after decompression larger than max " + std::to_string(max_bytes));
  }
  if (result != Z_STREAM_END || stream.avail_in > 0) {
    return base::Status(base::Code::kInternal,
                        "grpc: failed to decompress the received message: invalid gzip data");
  }
  return plain;
}

}  // namespace rpc
