#pragma once

#include <cstdint>
#include <memory>

#include "base/bytes.h"
#include "base/result.h"

namespace rpc {

// gRPC's framing of a message:
//
//   frame = compressed length message;  compressed = %x00 / %x01;  length = 4 bytes, big-endian
inline constexpr size_t kPrefixBytes = 5;

// What stands in front of an uncompressed message of that size.
base::Bytes MessagePrefix(size_t size);

// A message on its way out, with room for its prefix in front, so that it is encoded in place and
// never copied again:
//
//   Message message(proto.ByteSizeLong());
//   proto.SerializeWithCachedSizesToArray(message.data());
class Message {
 public:
  explicit Message(size_t size);
  // Copies.
  explicit Message(base::ByteView bytes);

  uint8_t* data() { return reinterpret_cast<uint8_t*>(frame_.data() + kPrefixBytes); }
  base::ByteView view() const { return base::ByteView(frame_).substr(kPrefixBytes); }
  size_t size() const { return frame_.size() - kPrefixBytes; }

  void MarkCompressed() { frame_[0] = 1; }
  // With the prefix.
  base::Bytes TakeFrame() && { return std::move(frame_); }

 private:
  base::Bytes frame_;
};

// Cuts a stream of bytes into messages. A message that lies in the input as a whole is not copied.
class MessageReader {
 public:
  // Longer messages fail with grpc-go's kResourceExhausted.
  explicit MessageReader(size_t max_message_bytes) : max_message_bytes_(max_message_bytes) {}

  // Takes bytes off the front of `*input`, to the end of the next message at most. True if there
  // is one: then message() is valid until the next call, and while the input's bytes are.
  base::Result<bool> Read(base::ByteView* input);

  base::ByteView message() const { return message_; }
  // Of the message just read.
  bool compressed() const { return compressed_; }
  // What is kept of a message that is not whole yet.
  size_t held_bytes() const { return partial_.capacity() > kSmallBytes ? partial_.capacity() : 0; }
  // The message was looked at: its bytes are kept no longer.
  void Release() {
    if (partial_.capacity() > kSmallBytes) base::Bytes().swap(partial_);
  }
  // The input ended inside a message.
  bool InsideMessage() const { return prefix_used_ > 0; }
  // And behind its prefix.
  bool InsideBody() const { return prefix_used_ == kPrefixBytes; }

 private:
  // Memory that is not worth giving back.
  static constexpr size_t kSmallBytes = 4 * 1024;

  size_t max_message_bytes_;
  uint8_t prefix_[kPrefixBytes];
  uint8_t prefix_used_ = 0;
  bool compressed_ = false;
  uint32_t size_ = 0;  // of the message, once the prefix is whole
  base::Bytes partial_;
  base::ByteView message_;
};

}  // namespace rpc
