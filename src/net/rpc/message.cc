#include "net/rpc/message.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

namespace rpc {

base::Bytes MessagePrefix(size_t size) {
  base::Bytes prefix(kPrefixBytes, '\0');
  base::Store32Be(prefix.data() + 1, static_cast<uint32_t>(size));
  return prefix;
}

Message::Message(size_t size) : frame_(kPrefixBytes + size, '\0') {
  base::Store32Be(frame_.data() + 1, static_cast<uint32_t>(size));
}

Message::Message(base::ByteView bytes) {
  frame_.reserve(kPrefixBytes + bytes.size());
  frame_.resize(kPrefixBytes);
  base::Store32Be(frame_.data() + 1, static_cast<uint32_t>(bytes.size()));
  frame_.append(bytes);
}

base::Result<bool> MessageReader::Read(base::ByteView* input) {
  if (prefix_used_ == 0) partial_.clear();
  if (prefix_used_ < kPrefixBytes) {
    const size_t count = std::min(kPrefixBytes - prefix_used_, input->size());
    std::memcpy(prefix_ + prefix_used_, input->data(), count);
    prefix_used_ += static_cast<uint8_t>(count);
    input->remove_prefix(count);
    if (prefix_used_ < kPrefixBytes) return false;
    compressed_ = prefix_[0] == 1;
    size_ = base::Load32Be(prefix_ + 1);
    if (prefix_[0] > 1) {
      return base::Status(base::Code::kInternal,
                          "grpc: received unexpected payload format " + std::to_string(prefix_[0]));
    }
    if (size_ > max_message_bytes_) {
      return base::Status(base::Code::kResourceExhausted,
                          "grpc: received message larger than max (" + std::to_string(size_) +
                              " vs. " + std::to_string(max_message_bytes_) + ")");
    }
  }
  if (partial_.empty() && input->size() >= size_) {
    message_ = input->substr(0, size_);
    input->remove_prefix(size_);
  } else {
    // Grows as bytes arrive: a length alone makes nobody pay for it.
    const size_t count = std::min(size_ - partial_.size(), input->size());
    partial_.append(input->substr(0, count));
    input->remove_prefix(count);
    if (partial_.size() < size_) return false;
    message_ = partial_;
  }
  prefix_used_ = 0;
  return true;
}

}  // namespace rpc
