#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.h"

namespace http {

// The messages of a WebSocket (RFC 6455 section 5), the server's end:
//
//   frame = fin-opcode mask-length [length] [masking-key] payload
//
//   fin-opcode  = FIN (1 bit) RSV (3 bits, 0) opcode (4 bits)
//   mask-length = MASK (1 bit) length (7 bits); 126: 2 more bytes tell it, 127: 8 bytes, big-endian
//   masking-key = 4 bytes, in frames of clients, over which the payload is XORed
//
// A message is one frame, or a first one of its kind and kContinuation frames up to FIN; control
// frames (kClose and above) may come between these, are whole, and have 125 bytes at most.
enum class WebSocketOpcode : uint8_t {
  kContinuation = 0,
  kText = 1,
  kBinary = 2,
  kClose = 8,
  kPing = 9,
  kPong = 10,
};

// Why a WebSocket is closed (section 7.4.1).
enum class WebSocketClose : uint16_t {
  kNormal = 1000,
  kGoingAway = 1001,
  kProtocolError = 1002,
  kNoStatus = 1005,  // never sent
  kInvalidText = 1007,
  kTooBig = 1009,
};

inline constexpr size_t kWebSocketControlBytesMax = 125;

// Cuts what a client sends into messages and control frames. No extension is known.
class WebSocketReader {
 public:
  struct Event {
    enum class Kind : uint8_t {
      kMessage,    // text or binary, whole, unmasked
      kPing,       // to be answered with a pong of the same payload
      kPong,       //
      kClose,      // the client's last frame, for the reason `close`
      kViolation,  // against the protocol or a limit: the connection is to be closed with `close`
    };
    Kind kind;
    base::Bytes payload = {};  // of a message, a ping, a pong
    WebSocketClose close = WebSocketClose::kNoStatus;
  };

  // Longer messages, however they are cut into frames, are violations with kTooBig.
  explicit WebSocketReader(size_t max_message_bytes) : max_message_bytes_(max_message_bytes) {}

  // Takes bytes off the front of `*input`, to the end of the next event at most; all of them if
  // there is none. After kClose or kViolation nothing may be read.
  std::optional<Event> Read(base::ByteView* input);
  // What is kept of a message that is not whole yet.
  size_t held_bytes() const { return message_.size(); }

 private:
  enum class Verdict : uint8_t { kIncomplete, kGood, kBad };

  Verdict TakeHead(base::ByteView* input);
  std::optional<WebSocketClose> CheckHead() const;
  void TakePayload(base::ByteView* input);
  std::optional<Event> FinishFrame();
  Event FinishControl();

  const size_t max_message_bytes_;
  base::Bytes head_;  // of the frame, as far as it has come
  bool in_payload_ = false;
  // Of the frame whose payload is being read.
  bool final_ = false;
  WebSocketOpcode opcode_ = WebSocketOpcode::kContinuation;
  uint64_t length_ = 0;
  uint64_t received_ = 0;
  uint8_t mask_[4] = {};
  base::Bytes control_;
  // Of the message, over its frames; kContinuation between messages.
  WebSocketOpcode message_opcode_ = WebSocketOpcode::kContinuation;
  base::Bytes message_;
};

// A frame of a server; `is_final`: nothing of its message follows.
base::Bytes WebSocketFrame(WebSocketOpcode opcode, base::ByteView payload, bool is_final = true);
// A close frame of a server; kNoStatus is one without a reason.
base::Bytes WebSocketCloseFrame(WebSocketClose reason);

}  // namespace http
