#include "net/http/websocket_frames.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "base/check.h"
#include "base/go_text.h"

namespace http {
namespace {

constexpr uint8_t kFinal = 0x80;
constexpr uint8_t kReserved = 0x70;
constexpr uint8_t kOpcode = 0x0f;
constexpr uint8_t kMasked = 0x80;
constexpr uint8_t kLength = 0x7f;
constexpr uint8_t kLengthIn2 = 126;
constexpr uint8_t kLengthIn8 = 127;
constexpr size_t kMaskBytes = 4;

uint8_t ByteAt(base::ByteView bytes, size_t position) {
  return static_cast<uint8_t>(bytes[position]);
}

uint64_t ReadBigEndian(base::ByteView bytes) {
  uint64_t value = 0;
  for (size_t i = 0; i < bytes.size(); ++i) value = value << 8 | ByteAt(bytes, i);
  return value;
}

void AppendBigEndian(uint64_t value, size_t size, base::Bytes* bytes) {
  for (size_t i = size; i-- > 0;) bytes->push_back(static_cast<char>(value >> (8 * i) & 0xff));
}

// Bytes of the length beside the seven bits in front.
size_t LengthBytes(uint8_t short_length) {
  if (short_length == kLengthIn2) return 2;
  return short_length == kLengthIn8 ? 8 : 0;
}

bool IsControl(WebSocketOpcode opcode) {
  return opcode >= WebSocketOpcode::kClose;
}

bool IsKnown(WebSocketOpcode opcode) {
  return opcode <= WebSocketOpcode::kBinary ||
         (IsControl(opcode) && opcode <= WebSocketOpcode::kPong);
}

// Those that a peer may send: registered for it, or free for libraries and applications.
bool IsSendable(uint64_t code) {
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) ||
         (code >= 3000 && code <= 4999);
}

WebSocketReader::Event Violation(WebSocketClose close) {
  return {.kind = WebSocketReader::Event::Kind::kViolation, .close = close};
}

}  // namespace

std::optional<WebSocketReader::Event> WebSocketReader::Read(base::ByteView* input) {
  while (in_payload_ || !input->empty()) {
    if (!in_payload_) {
      const Verdict verdict = TakeHead(input);
      if (verdict == Verdict::kIncomplete) return std::nullopt;
      if (verdict == Verdict::kBad) return Violation(WebSocketClose::kProtocolError);
      if (const auto reason = CheckHead()) return Violation(*reason);
      in_payload_ = true;
    }
    TakePayload(input);
    if (received_ < length_) return std::nullopt;
    in_payload_ = false;
    if (auto event = FinishFrame()) return event;
  }
  return std::nullopt;
}

// kBad for a head that is wrong in itself.
WebSocketReader::Verdict WebSocketReader::TakeHead(base::ByteView* input) {
  size_t size = 2;
  for (;;) {
    const size_t taken = std::min(size - std::min(size, head_.size()), input->size());
    head_.append(input->substr(0, taken));
    input->remove_prefix(taken);
    if (head_.size() < size) return Verdict::kIncomplete;
    const size_t whole = 2 + LengthBytes(ByteAt(head_, 1) & kLength) + kMaskBytes;
    if ((ByteAt(head_, 1) & kMasked) == 0) return Verdict::kBad;
    if (size == whole) break;
    size = whole;
  }
  const uint8_t first = ByteAt(head_, 0);
  const uint8_t short_length = ByteAt(head_, 1) & kLength;
  const size_t length_bytes = LengthBytes(short_length);
  final_ = (first & kFinal) != 0;
  opcode_ = static_cast<WebSocketOpcode>(first & kOpcode);
  length_ = length_bytes == 0 ? short_length
                              : ReadBigEndian(base::ByteView(head_).substr(2, length_bytes));
  for (size_t i = 0; i < kMaskBytes; ++i) mask_[i] = ByteAt(head_, 2 + length_bytes + i);
  received_ = 0;
  head_.clear();
  // The shortest form of a length is the only one; the highest bit of the longest is 0.
  const bool is_longer_than_needed =
      (length_bytes == 2 && length_ < kLengthIn2) || (length_bytes == 8 && length_ <= 0xffff);
  const bool is_negative = length_ >> 63 != 0;
  return (first & kReserved) != 0 || is_longer_than_needed || is_negative ? Verdict::kBad
                                                                          : Verdict::kGood;
}

// Why the frame may not come now.
std::optional<WebSocketClose> WebSocketReader::CheckHead() const {
  if (!IsKnown(opcode_)) return WebSocketClose::kProtocolError;
  if (IsControl(opcode_)) {
    const bool good = final_ && length_ <= kWebSocketControlBytesMax;
    return good ? std::nullopt : std::optional(WebSocketClose::kProtocolError);
  }
  const bool continues = opcode_ == WebSocketOpcode::kContinuation;
  const bool in_message = message_opcode_ != WebSocketOpcode::kContinuation;
  if (continues != in_message) return WebSocketClose::kProtocolError;
  if (length_ > max_message_bytes_ - message_.size()) return WebSocketClose::kTooBig;
  return std::nullopt;
}

void WebSocketReader::TakePayload(base::ByteView* input) {
  base::Bytes& payload = IsControl(opcode_) ? control_ : message_;
  const size_t size = std::min<uint64_t>(length_ - received_, input->size());
  const size_t start = payload.size();
  payload.append(input->substr(0, size));
  for (size_t i = 0; i < size; ++i) {
    payload[start + i] = static_cast<char>(ByteAt(payload, start + i) ^ mask_[received_++ % 4]);
  }
  input->remove_prefix(size);
}

std::optional<WebSocketReader::Event> WebSocketReader::FinishFrame() {
  if (IsControl(opcode_)) return FinishControl();
  if (opcode_ != WebSocketOpcode::kContinuation) message_opcode_ = opcode_;
  if (!final_) return std::nullopt;
  const auto opcode = std::exchange(message_opcode_, WebSocketOpcode::kContinuation);
  base::Bytes payload = std::exchange(message_, {});
  if (opcode == WebSocketOpcode::kText && !base::IsUtf8(payload)) {
    return Violation(WebSocketClose::kInvalidText);
  }
  return Event{.kind = Event::Kind::kMessage, .payload = std::move(payload)};
}

WebSocketReader::Event WebSocketReader::FinishControl() {
  base::Bytes payload = std::exchange(control_, {});
  if (opcode_ == WebSocketOpcode::kPing) return {Event::Kind::kPing, std::move(payload)};
  if (opcode_ == WebSocketOpcode::kPong) return {Event::Kind::kPong, std::move(payload)};
  if (payload.empty()) return {.kind = Event::Kind::kClose};
  // A reason is two bytes of code and a text.
  const uint64_t code = payload.size() < 2 ? 0 : ReadBigEndian(payload.substr(0, 2));
  if (!IsSendable(code)) return Violation(WebSocketClose::kProtocolError);
  if (!base::IsUtf8(payload.substr(2))) return Violation(WebSocketClose::kInvalidText);
  return {.kind = Event::Kind::kClose, .close = static_cast<WebSocketClose>(code)};
}

base::Bytes WebSocketFrame(WebSocketOpcode opcode, base::ByteView payload, bool is_final) {
  base::Bytes frame;
  frame.reserve(10 + payload.size());
  frame.push_back(static_cast<char>((is_final ? kFinal : 0) | static_cast<uint8_t>(opcode)));
  if (payload.size() < kLengthIn2) {
    frame.push_back(static_cast<char>(payload.size()));
  } else if (payload.size() <= std::numeric_limits<uint16_t>::max()) {
    frame.push_back(kLengthIn2);
    AppendBigEndian(payload.size(), 2, &frame);
  } else {
    frame.push_back(kLengthIn8);
    AppendBigEndian(payload.size(), 8, &frame);
  }
  return frame.append(payload);
}

base::Bytes WebSocketCloseFrame(WebSocketClose reason) {
  base::Bytes payload;
  if (reason != WebSocketClose::kNoStatus) {
    AppendBigEndian(static_cast<uint16_t>(reason), 2, &payload);
  }
  return WebSocketFrame(WebSocketOpcode::kClose, payload);
}

}  // namespace http
