// The same bytes cut in two ways have the same frames, and what the history of their streams says
// of them is the same.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <tuple>
#include <vector>

#include "base/check.h"
#include "net/http/frame_scanner.h"
#include "net/http/stream_history.h"

namespace {

using Seen = std::tuple<uint8_t, uint8_t, size_t, uint32_t, http::StreamHistory::Verdict>;

std::vector<Seen> Scan(base::ByteView bytes, size_t piece_size) {
  std::vector<Seen> seen;
  http::FrameScanner scanner;
  http::StreamHistory history;
  while (!bytes.empty()) {
    base::ByteView piece = bytes.substr(0, piece_size);
    bytes.remove_prefix(piece.size());
    while (scanner.Next(&piece)) {
      const http::FrameHeader& frame = scanner.header();
      seen.emplace_back(frame.kind, frame.flags, frame.length, frame.stream,
                        history.OnFrame(frame));
    }
    CHECK(piece.empty());
  }
  return seen;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const base::ByteView bytes(reinterpret_cast<const char*>(data + 1), size - 1);
  CHECK(Scan(bytes, std::max<size_t>(data[0], 1)) == Scan(bytes, size));
  return 0;
}
