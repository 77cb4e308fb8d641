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

base::Bytes GzipCompress(base::ByteView bytes) {
  z_stream stream = {};
  CHECK(deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, kGzipWindowBits, kMemoryLevel,
                     Z_DEFAULT_STRATEGY) == Z_OK);
  base::Bytes compressed(deflateBound(&stream, bytes.size()), '\0');
  stream.next_in = Input(bytes);
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(compressed.data());
  stream.avail_out = static_cast<uInt>(compressed.size());
  CHECK(deflate(&stream, Z_FINISH) == Z_STREAM_END);
  compressed.resize(stream.total_out);
  deflateEnd(&stream);
  return compressed;
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
