// Any bytes reach the readers of both kinds of stream: what comes out does not depend on how they
// are cut, and what was decoded encodes to a stream that says the same.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/check.h"
#include "net/peer/stream_codec.h"
#include "raft/codec.h"

namespace {

constexpr peer::StreamWay kWay{base::MemberId(1), base::MemberId(2)};

struct Outcome {
  std::vector<base::Bytes> messages;
  base::Code code = base::Code::kOk;
};

Outcome Read(peer::StreamKind kind, base::ByteView bytes, size_t piece,
             std::vector<raft::Message>* messages) {
  Outcome outcome;
  const auto decoder = peer::NewDecoder(kind, kWay);
  for (size_t at = 0; at < bytes.size() && outcome.code == base::Code::kOk; at += piece) {
    outcome.code = decoder->Feed(bytes.substr(at, piece), messages).code();
  }
  for (const raft::Message& message : *messages) {
    raft::Encode(message, &outcome.messages.emplace_back());
  }
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  const base::ByteView in(reinterpret_cast<const char*>(data) + 2, size - 2);
  const peer::StreamKind kind =
      data[0] % 2 == 0 ? peer::StreamKind::kAppends : peer::StreamKind::kMessages;
  std::vector<raft::Message> messages;
  const Outcome whole = Read(kind, in, std::max<size_t>(in.size(), 1), &messages);
  std::vector<raft::Message> cut_messages;
  const Outcome cut = Read(kind, in, size_t{1} + data[1], &cut_messages);
  CHECK(whole.code == cut.code);
  CHECK(whole.messages == cut.messages);

  base::Bytes stream;
  const auto encoder = peer::NewEncoder(kind);
  std::vector<base::Bytes> expected;
  for (const raft::Message& message : messages) {
    if (kind == peer::StreamKind::kAppends && message.type != raft::MessageType::kApp) continue;
    encoder->Encode(message, &stream);
    raft::Encode(message, &expected.emplace_back());
  }
  std::vector<raft::Message> again;
  const Outcome repeated = Read(kind, stream, std::max<size_t>(stream.size(), 1), &again);
  CHECK(repeated.code == base::Code::kOk);
  if (kind == peer::StreamKind::kMessages) CHECK(repeated.messages == expected);
  CHECK_EQ(again.size(), expected.size());
  return 0;
}
