#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "net/http/websocket_frames.h"

namespace http::testing {

// A frame as a client sends it; a length of `length_bytes` (0, 2, 8) in front, or the shortest.
inline base::Bytes ClientFrame(uint8_t first, base::ByteView payload, int length_bytes = -1) {
  constexpr uint8_t kMask[4] = {0x12, 0x34, 0x56, 0x78};
  if (length_bytes < 0) length_bytes = payload.size() < 126 ? 0 : payload.size() < 65536 ? 2 : 8;
  base::Bytes frame(1, static_cast<char>(first));
  const size_t short_length = length_bytes == 0 ? payload.size() : length_bytes == 2 ? 126 : 127;
  frame.push_back(static_cast<char>(0x80 | short_length));
  for (int i = length_bytes; i-- > 0;) {
    frame.push_back(static_cast<char>(payload.size() >> (8 * i) & 0xff));
  }
  for (const uint8_t byte : kMask) frame.push_back(static_cast<char>(byte));
  for (size_t i = 0; i < payload.size(); ++i) {
    frame.push_back(static_cast<char>(static_cast<uint8_t>(payload[i]) ^ kMask[i % 4]));
  }
  return frame;
}

inline base::Bytes ClientText(base::ByteView text) {
  return ClientFrame(0x81, text);
}
inline base::Bytes ClientClose(uint16_t code) {
  const char payload[2] = {static_cast<char>(code >> 8), static_cast<char>(code & 0xff)};
  return ClientFrame(0x88, base::ByteView(payload, 2));
}

// The request that opens a WebSocket, with the key of RFC 6455 section 1.3.
inline base::Bytes WebSocketRequest(const std::string& path, const std::string& fields = "") {
  return "GET " + path +
         " HTTP/1.1\r\nHost: server\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n"
         "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n" +
         fields + "\r\n";
}

// What a server sent after its answer's head: "text:...", "pong:...", "ping:", "close:1000", of a
// message of several frames "text, more:...", "more:..." and "end:...", or "?" for what is no such
// frame.
inline std::vector<std::string> ServerFrames(base::ByteView received) {
  std::vector<std::string> frames;
  const size_t head = received.find("\r\n\r\n");
  if (head == base::ByteView::npos) return frames;
  received.remove_prefix(head + 4);
  while (received.size() >= 2) {
    const auto byte = [&received](size_t i) { return static_cast<uint8_t>(received[i]); };
    size_t size = byte(1);
    size_t start = 2;
    if (size >= 126) {
      const size_t length_bytes = size == 126 ? 2 : 8;
      for (size = 0; start < 2 + length_bytes; ++start) size = size << 8 | byte(start);
    }
    const std::string payload(received.substr(start, size));
    switch (byte(0)) {
      case 0x81:
        frames.push_back("text:" + payload);
        break;
      case 0x01:
        frames.push_back("text, more:" + payload);
        break;
      case 0x00:
        frames.push_back("more:" + payload);
        break;
      case 0x80:
        frames.push_back("end:" + payload);
        break;
      case 0x88:
        frames.push_back("close:" + (size == 0 ? "" : std::to_string(byte(2) << 8 | byte(3))));
        break;
      case 0x89:
        frames.push_back("ping:" + payload);
        break;
      case 0x8a:
        frames.push_back("pong:" + payload);
        break;
      default:
        frames.push_back("?");
    }
    received.remove_prefix(start + size);
  }
  return frames;
}

}  // namespace http::testing
