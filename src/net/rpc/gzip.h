#pragma once

#include <memory>

#include "base/bytes.h"
#include "base/result.h"

namespace rpc {

// The "gzip" message encoding (RFC 1952), whole messages at once.
base::Bytes GzipCompress(base::ByteView bytes);
// The same in parts. `bytes` stay where they are meanwhile.
class GzipCompressor {
 public:
  explicit GzipCompressor(base::ByteView bytes);
  ~GzipCompressor();
  GzipCompressor(const GzipCompressor&) = delete;
  GzipCompressor& operator=(const GzipCompressor&) = delete;

  // Takes the next `max` bytes at most. True when all is done; then result() is complete.
  bool Step(size_t max);
  base::ByteView result() const { return compressed_; }

  // What zlib takes for the window and its hash tables.
  static constexpr size_t kStateBytes = 268 * 1024;
  size_t held_bytes() const { return kStateBytes + compressed_.capacity(); }

 private:
  struct State;

  base::ByteView rest_;
  const std::unique_ptr<State> state_;
  base::Bytes compressed_;
};
// Fails with kResourceExhausted as soon as the result would exceed `max_bytes`, and with kInternal
// on anything that is not one gzip member; both with grpc-go's texts.
base::Result<base::Bytes> GzipDecompress(base::ByteView bytes, size_t max_bytes);

}  // namespace rpc
