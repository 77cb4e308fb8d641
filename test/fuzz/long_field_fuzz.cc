// However a header block comes in frames, LongFieldCutter leaves the same of it, and never more
// than it was.

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "base/check.h"
#include "net/http/long_field_cutter.h"

namespace {

using http::FrameHeader;
using http::FrameKind;
using http::FrameScanner;
using http::LongFieldCutter;

// Takes the next frame off `frames`, and gives out its payload.
base::ByteView TakeFrame(base::ByteView* frames) {
  CHECK_GE(frames->size(), FrameScanner::kHeaderBytes);
  const size_t length = base::Load32Be(frames->data()) >> 8;
  CHECK_LE(length, LongFieldCutter::kLongestPayload);
  frames->remove_prefix(FrameScanner::kHeaderBytes);
  CHECK_LE(length, frames->size());
  const base::ByteView payload = frames->substr(0, length);
  frames->remove_prefix(length);
  return payload;
}

// What is left of `block`, cut into frames of `piece` bytes.
base::Bytes Cut(base::ByteView block, size_t piece) {
  LongFieldCutter cutter;
  base::Bytes shown;
  for (size_t at = 0; at < block.size(); at += piece) {
    const base::ByteView payload = block.substr(at, piece);
    FrameHeader header{at == 0 ? FrameKind::kHeaders : FrameKind::kContinuation, 0, payload.size(),
                       1};
    if (at + piece >= block.size()) header.flags = FrameHeader::kEndsBlock;
    const base::Bytes frames = cutter.Cut(header, payload);
    for (base::ByteView rest = frames; !rest.empty();) shown += TakeFrame(&rest);
  }
  return shown;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  const size_t piece =
      std::clamp<size_t>(size_t{data[0]} * data[1], 1, LongFieldCutter::kLongestPayload);
  const base::ByteView block(reinterpret_cast<const char*>(data + 2), size - 2);
  const base::Bytes shown = Cut(block, piece);
  CHECK_LE(shown.size(), block.size());
  CHECK(shown == Cut(block, LongFieldCutter::kLongestPayload));
  return 0;
}
