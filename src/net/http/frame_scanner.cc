#include "net/http/frame_scanner.h"

#include <algorithm>
#include <cstring>

namespace http {

bool FrameScanner::Next(base::ByteView* input) {
  const size_t skipped = std::min(to_skip_, input->size());
  to_skip_ -= skipped;
  input->remove_prefix(skipped);
  if (input->empty()) return false;
  const size_t count = std::min(kHeaderBytes - collected_, input->size());
  std::memcpy(partial_.data() + collected_, input->data(), count);
  collected_ += count;
  input->remove_prefix(count);
  if (collected_ < kHeaderBytes) return false;
  collected_ = 0;
  header_.length = base::Load32Be(partial_.data()) >> 8;
  header_.kind = static_cast<uint8_t>(partial_[3]);
  header_.flags = static_cast<uint8_t>(partial_[4]);
  header_.stream = base::Load32Be(partial_.data() + 5) & 0x7fffffff;
  to_skip_ = header_.length;
  return true;
}

}  // namespace http
