#include "net/http/long_field_cutter.h"

#include <algorithm>

#include "base/check.h"

namespace http {
namespace {

constexpr uint8_t kPadded = 0x8;
constexpr uint8_t kPriority = 0x20;
constexpr size_t kPriorityBytes = 5;

// An integer of RFC 7541 section 5.1 whose first byte has this is not over with it.
constexpr uint8_t kGoesOn = 0x80;
constexpr uint8_t kLengthMask = 0x7f;
// More bytes of one integer than nghttp2 reads.
constexpr size_t kMaxLengthBytes = 6;

base::Bytes EncodeFrame(const FrameHeader& header, base::ByteView payload) {
  base::Bytes frame(FrameScanner::kHeaderBytes, '\0');
  const auto flags = static_cast<uint8_t>(header.flags & ~(kPadded | kPriority));
  base::Store32Be(frame.data(), static_cast<uint32_t>(payload.size()) << 8 | header.kind);
  frame[4] = static_cast<char>(flags);
  base::Store32Be(frame.data() + 5, header.stream);
  return frame.append(payload);
}

// The value of a string's length, 7 bits of which stand in its first byte.
size_t DecodeLength(base::ByteView bytes) {
  size_t value = static_cast<uint8_t>(bytes[0]) & kLengthMask;
  for (size_t i = 1; i < bytes.size(); ++i) {
    const size_t seven_bits = static_cast<uint8_t>(bytes[i]) & kLengthMask;
    value += seven_bits << (7 * (i - 1));
  }
  return value;
}

// Of a string that is not Huffman coded.
base::Bytes EncodeLength(size_t value) {
  base::Bytes bytes(1, static_cast<char>(kLengthMask));
  CHECK_GE(value, size_t{kLengthMask});
  for (value -= kLengthMask; value > kLengthMask; value >>= 7) {
    bytes.push_back(static_cast<char>(kGoesOn | (value & kLengthMask)));
  }
  bytes.push_back(static_cast<char>(value));
  return bytes;
}

}  // namespace

base::Bytes LongFieldCutter::Cut(const FrameHeader& header, base::ByteView payload) {
  if (header.kind == FrameKind::kHeaders && !Strip(header, &payload)) state_ = State::kBroken;
  base::Bytes output;
  CutPayload(payload, &output);
  const bool says_nothing = header.kind == FrameKind::kContinuation && output.empty();
  if (says_nothing && !header.ends_block()) return {};
  if (output.size() <= kLongestPayload) return EncodeFrame(header, output);
  // With a length of which the frame before held the beginning.
  FrameHeader first = header;
  first.flags &= static_cast<uint8_t>(~FrameHeader::kEndsBlock);
  const base::ByteView all = output;
  return EncodeFrame(first, all.substr(0, kLongestPayload)) +
         EncodeFrame(header, all.substr(kLongestPayload));
}

bool LongFieldCutter::Strip(const FrameHeader& header, base::ByteView* payload) {
  size_t padding = 0;
  if ((header.flags & kPadded) != 0) {
    if (payload->empty()) return false;
    padding = static_cast<uint8_t>(payload->front());
    payload->remove_prefix(1);
  }
  const size_t priority = (header.flags & kPriority) != 0 ? kPriorityBytes : 0;
  if (priority + padding > payload->size()) return false;
  payload->remove_prefix(priority);
  payload->remove_suffix(padding);
  return true;
}

void LongFieldCutter::CutPayload(base::ByteView payload, base::Bytes* output) {
  while (!payload.empty()) {
    const auto byte = static_cast<uint8_t>(payload.front());
    size_t taken = 1;
    switch (state_) {
      case State::kField:
        output->push_back(payload.front());
        OnFieldByte(byte);
        break;
      case State::kIndex:
        output->push_back(payload.front());
        if ((byte & kGoesOn) == 0) GoOn();
        break;
      case State::kLength:
      case State::kLengthGoesOn:
        OnLengthByte(byte, output);
        break;
      case State::kString:
        taken = OnStringBytes(payload, output);
        break;
      case State::kBroken:
        taken = payload.size();
        output->append(payload);
        break;
    }
    payload.remove_prefix(taken);
  }
}

// How a field begins: 1 and an index; 01, 0001 or 0000 and the index of a name, or 0 for a name of
// its own, with a value; 001 and the table's size.
void LongFieldCutter::OnFieldByte(uint8_t byte) {
  const bool is_indexed = (byte & 0x80) != 0;
  const bool is_added = !is_indexed && (byte & 0x40) != 0;
  const bool is_table_size = !is_indexed && !is_added && (byte & 0x20) != 0;
  const uint8_t mask = is_indexed ? 0x7f : is_added ? 0x3f : is_table_size ? 0x1f : 0x0f;
  const uint8_t index = byte & mask;
  strings_ = is_indexed || is_table_size ? 0 : index == 0 ? 2 : 1;
  if (index == mask) {
    state_ = State::kIndex;
  } else {
    GoOn();
  }
}

void LongFieldCutter::OnLengthByte(uint8_t byte, base::Bytes* output) {
  const bool is_over =
      state_ == State::kLength ? (byte & kLengthMask) != kLengthMask : (byte & kGoesOn) == 0;
  length_.push_back(static_cast<char>(byte));
  state_ = State::kLengthGoesOn;
  if (is_over) return BeginString(output);
  if (length_.size() < kMaxLengthBytes) return;
  output->append(length_);
  state_ = State::kBroken;
}

void LongFieldCutter::BeginString(base::Bytes* output) {
  const bool is_coded = (static_cast<uint8_t>(length_[0]) & 0x80) != 0;
  left_ = DecodeLength(length_);
  is_cut_ = left_ > (is_coded ? kLongestCoded : kLongestPlain);
  to_fill_ = kCutBytes;
  output->append(is_cut_ ? EncodeLength(kCutBytes) : length_);
  length_.clear();
  state_ = State::kString;
  if (left_ > 0) return;
  --strings_;
  GoOn();
}

size_t LongFieldCutter::OnStringBytes(base::ByteView bytes, base::Bytes* output) {
  const size_t taken = std::min(left_, bytes.size());
  if (is_cut_) {
    const size_t filled = std::min(to_fill_, taken);
    output->append(filled, 'x');
    to_fill_ -= filled;
  } else {
    output->append(bytes.substr(0, taken));
  }
  left_ -= taken;
  if (left_ > 0) return taken;
  --strings_;
  GoOn();
  return taken;
}

void LongFieldCutter::GoOn() {
  state_ = strings_ > 0 ? State::kLength : State::kField;
}

}  // namespace http
