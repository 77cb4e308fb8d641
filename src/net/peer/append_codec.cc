#include "net/peer/append_codec.h"

#include <string>
#include <utility>

#include "base/check.h"
#include "base/result.h"
#include "raft/codec.h"

namespace peer {
namespace {

constexpr uint8_t kLinkHeartbeat = 0;
constexpr uint8_t kContinuing = 1;
constexpr uint8_t kWhole = 2;

void Append64Be(uint64_t value, base::Bytes* out) {
  char bytes[8];
  base::Store64Be(bytes, value);
  out->append(bytes, sizeof bytes);
}

base::Status TooLong(uint64_t bytes) {
  return {base::Code::kResourceExhausted, "an append of " + std::to_string(bytes) + " bytes"};
}

}  // namespace

void AppendState::Follow(const raft::Message& message) {
  term = message.term;
  index = message.entries.empty() ? message.index : message.entries.back().index;
}

void AppendEncoder::Encode(const raft::Message& message, base::Bytes* out) {
  CHECK(message.type == raft::MessageType::kApp);
  const bool continues = message.index == state_.index && message.log_term == state_.term &&
                         message.log_term == message.term;
  if (continues) {
    out->push_back(static_cast<char>(kContinuing));
    Append64Be(message.entries.size(), out);
    for (const raft::Entry& entry : message.entries) {
      Append64Be(raft::EncodedSize(entry), out);
      raft::Encode(entry, out);
    }
    Append64Be(message.commit.value(), out);
    state_.index += message.entries.size();
    return;
  }
  out->push_back(static_cast<char>(kWhole));
  const size_t at = out->size();
  out->resize(at + 8);
  raft::Encode(message, out);
  base::Store64Be(out->data() + at, out->size() - at - 8);
  state_.Follow(message);
}

void AppendEncoder::EncodeLinkHeartbeat(base::Bytes* out) {
  out->push_back(static_cast<char>(kLinkHeartbeat));
}

base::Status AppendDecoder::Feed(base::ByteView bytes, std::vector<raft::Message>* messages) {
  // A part that is empty needs no further byte.
  while (!bytes.empty() || PartBytes() == 0) {
    const auto part = partial_.Take(PartBytes(), &bytes);
    if (!part.has_value()) return {};
    RETURN_IF_ERROR(TakePart(*part, messages));
  }
  return {};
}

size_t AppendDecoder::PartBytes() const {
  switch (part_) {
    case Part::kKind:
      return 1;
    case Part::kEntry:
    case Part::kMessage:
      return length_;
    case Part::kCount:
    case Part::kEntryLength:
    case Part::kCommit:
    case Part::kMessageLength:
      break;
  }
  return 8;
}

base::Status AppendDecoder::TakePart(base::ByteView part, std::vector<raft::Message>* messages) {
  switch (part_) {
    case Part::kKind:
      return TakeKind(static_cast<uint8_t>(part[0]));
    case Part::kCount:
      return TakeCount(base::Load64Be(part.data()));
    case Part::kEntryLength:
      return TakeEntryLength(base::Load64Be(part.data()));
    case Part::kEntry:
      return TakeEntry(part);
    case Part::kCommit:
      TakeCommit(base::Load64Be(part.data()), messages);
      return {};
    case Part::kMessageLength:
      length_ = base::Load64Be(part.data());
      if (length_ > kMessageBytesMax) return TooLong(length_);
      part_ = Part::kMessage;
      return {};
    case Part::kMessage:
      return TakeMessage(part, messages);
  }
  return {};
}

base::Status AppendDecoder::TakeKind(uint8_t kind) {
  switch (kind) {
    case kLinkHeartbeat:
      return {};
    case kContinuing:
      part_ = Part::kCount;
      return {};
    case kWhole:
      part_ = Part::kMessageLength;
      return {};
    default:
      return {base::Code::kDataLoss, "an append of the unknown kind " + std::to_string(kind)};
  }
}

base::Status AppendDecoder::TakeCount(uint64_t count) {
  if (count > kEntriesMax) {
    return {base::Code::kResourceExhausted, "an append of " + std::to_string(count) + " entries"};
  }
  entries_left_ = count;
  part_ = count == 0 ? Part::kCommit : Part::kEntryLength;
  return {};
}

base::Status AppendDecoder::TakeEntryLength(uint64_t length) {
  if (length > kMessageBytesMax) return TooLong(length);
  entries_bytes_ += length;
  if (entries_bytes_ > kMessageBytesMax) return TooLong(entries_bytes_);
  length_ = length;
  part_ = Part::kEntry;
  return {};
}

base::Status AppendDecoder::TakeEntry(base::ByteView encoded) {
  ASSIGN_OR_RETURN(raft::Entry entry, raft::DecodeEntry(encoded));
  entries_.push_back(std::move(entry));
  part_ = --entries_left_ == 0 ? Part::kCommit : Part::kEntryLength;
  return {};
}

void AppendDecoder::TakeCommit(uint64_t commit, std::vector<raft::Message>* messages) {
  raft::Message message{
      .type = raft::MessageType::kApp, .to = way_.to, .from = way_.from, .term = state_.term};
  message.log_term = state_.term;
  message.index = state_.index;
  message.commit = base::Index(commit);
  message.entries = std::exchange(entries_, {});
  state_.index += message.entries.size();
  messages->push_back(std::move(message));
  entries_bytes_ = 0;
  part_ = Part::kKind;
}

base::Status AppendDecoder::TakeMessage(base::ByteView encoded,
                                        std::vector<raft::Message>* messages) {
  ASSIGN_OR_RETURN(raft::Message message, raft::DecodeMessage(encoded));
  state_.Follow(message);
  messages->push_back(std::move(message));
  part_ = Part::kKind;
  return {};
}

}  // namespace peer
