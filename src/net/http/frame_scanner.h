#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/bytes.h"

namespace http {

// What stands before a frame's payload (RFC 9113 section 4.1).
struct FrameHeader {
  uint8_t kind;
  uint8_t flags;
  size_t length;  // of the payload
  uint32_t stream = 0;

  bool acknowledges() const { return (flags & 0x1) != 0; }       // SETTINGS, PING
  bool ends_stream() const { return (flags & 0x1) != 0; }        // DATA, HEADERS
  bool ends_block() const { return (flags & kEndsBlock) != 0; }  // HEADERS, CONTINUATION
  static constexpr uint8_t kEndsBlock = 0x4;
};

// Frame types, RFC 9113 section 6.
struct FrameKind {
  static constexpr uint8_t kData = 0;
  static constexpr uint8_t kHeaders = 1;
  static constexpr uint8_t kPriority = 2;
  static constexpr uint8_t kReset = 3;
  static constexpr uint8_t kSettings = 4;
  static constexpr uint8_t kPing = 6;
  static constexpr uint8_t kWindowUpdate = 8;
  static constexpr uint8_t kContinuation = 9;
};

// Finds the frame headers in what a client sends, cut into pieces anywhere. It is there because
// nghttp2 tells nothing of the frames that it passes over, and floods may consist of those.
class FrameScanner {
 public:
  // Takes bytes off the front of `*input`, to the end of the next frame header at most. True if
  // there is one: then header() holds until the next call.
  bool Next(base::ByteView* input);
  const FrameHeader& header() const { return header_; }
  // The same as it was sent.
  base::ByteView encoded() const { return {partial_.data(), kHeaderBytes}; }
  // Of a frame header that is not whole: what of it has come.
  base::ByteView partial() const { return {partial_.data(), collected_}; }

  static constexpr size_t kHeaderBytes = 9;

 private:
  size_t to_skip_ = 24;  // of the preface, then of a payload
  size_t collected_ = 0;
  std::array<char, kHeaderBytes> partial_;  // collected_ bytes of a header
  FrameHeader header_ = {};
};

}  // namespace http
