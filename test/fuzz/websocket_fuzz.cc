// Any bytes as what the client of a WebSocket sends: the same events however they arrive, none
// longer than allowed, and nothing after the last.

#include <cstddef>
#include <cstdint>
#include <tuple>
#include <vector>

#include "base/check.h"
#include "net/http/websocket_frames.h"

namespace {

using Event = http::WebSocketReader::Event;

constexpr size_t kMaxMessageBytes = 512;

std::vector<std::tuple<Event::Kind, base::Bytes, http::WebSocketClose>> Read(base::ByteView bytes,
                                                                             size_t piece_size) {
  http::WebSocketReader reader(kMaxMessageBytes);
  std::vector<std::tuple<Event::Kind, base::Bytes, http::WebSocketClose>> events;
  while (!bytes.empty()) {
    base::ByteView piece = bytes.substr(0, piece_size);
    bytes.remove_prefix(piece.size());
    while (const auto event = reader.Read(&piece)) {
      CHECK_LE(event->payload.size(), kMaxMessageBytes);
      events.emplace_back(event->kind, event->payload, event->close);
      if (event->kind == Event::Kind::kClose || event->kind == Event::Kind::kViolation) {
        return events;
      }
    }
    CHECK(piece.empty());
  }
  return events;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const base::ByteView bytes(reinterpret_cast<const char*>(data + 1), size - 1);
  CHECK(Read(bytes, 1 + data[0] % 16) == Read(bytes, size));
  return 0;
}
