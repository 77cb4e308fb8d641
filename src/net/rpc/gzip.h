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

// Undoes it, in parts. The result's bytes are counted before they are made: as many as the last
// four bytes claim, or as there may be, which is what is taken at once for the result. If it turns
// out that there is more than one member, or more than was claimed, as many as there may be.
class GzipDecompressor {
 public:
  // `bytes` stay where they are meanwhile.
  GzipDecompressor(base::ByteView bytes, size_t max_bytes);
  ~GzipDecompressor();
  GzipDecompressor(const GzipDecompressor&) = delete;
  GzipDecompressor& operator=(const GzipDecompressor&) = delete;

  // Makes the next `max` bytes at most, of one member. True when all is done; then result() is
  // complete. If it is not, result_bytes() and held_bytes() may be larger than before. Fails as
  // GzipDecompress does.
  base::Result<bool> Step(size_t max);
  base::ByteView result() const { return plain_; }
  // At most.
  size_t result_bytes() const { return claimed_; }

  // What zlib takes for the window and its tables.
  static constexpr size_t kStateBytes = 44 * 1024;
  size_t held_bytes() const { return kStateBytes + claimed_; }

 private:
  struct State;

  const size_t max_;
  size_t claimed_;
  const std::unique_ptr<State> state_;
  base::Bytes plain_;
};
// Fails with kResourceExhausted as soon as the result, of all members, would exceed `max_bytes`,
// and with kInternal on anything that is not gzip members one after the other, at least one; both
// with grpc-go's texts.
base::Result<base::Bytes> GzipDecompress(base::ByteView bytes, size_t max_bytes);

}  // namespace rpc
