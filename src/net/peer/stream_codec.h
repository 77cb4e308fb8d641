#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/status.h"
#include "raft/types.h"

// Messages as bytes of a stream that has no end. Each of the two kinds of stream has a form of its
// own: message_codec.h, append_codec.h.

namespace peer {

enum class StreamKind : uint8_t { kAppends, kMessages };

// As in /raft/stream/<name>/<sender>.
constexpr std::string_view PathName(StreamKind kind) {
  return kind == StreamKind::kAppends ? "msgapp" : "message";
}
// As etcd's log names it.
constexpr std::string_view LogName(StreamKind kind) {
  return kind == StreamKind::kAppends ? "stream MsgApp v2" : "stream Message";
}

// Of a message, or of the entries that one has together: what is longer ends the stream.
inline constexpr uint64_t kMessageBytesMax = 512 << 20;

// Writes one stream, from its first byte on.
class Encoder {
 public:
  virtual ~Encoder() = default;
  // Appends the message to `*out`.
  virtual void Encode(const raft::Message& message, base::Bytes* out) = 0;
  // The same for what says only that this end lives.
  virtual void EncodeLinkHeartbeat(base::Bytes* out) = 0;
};

// Reads one stream, from its first byte on, in pieces of any size.
//
// Lengths that the stream tells are checked before they are believed, and nothing is allocated for
// what has not arrived: what is kept of a message that is not whole is about as large as what came
// of it.
class Decoder {
 public:
  virtual ~Decoder() = default;
  // Adds the messages that have become whole to `*messages`; link heartbeats are left out. After
  // an error the stream is of no use any more: kDataLoss for what is no such stream,
  // kResourceExhausted for a message that is too long.
  virtual base::Status Feed(base::ByteView bytes, std::vector<raft::Message>* messages) = 0;
};

// The two ends of a stream: whose messages it carries, and to whom.
struct StreamWay {
  base::MemberId from;
  base::MemberId to;
};

std::unique_ptr<Encoder> NewEncoder(StreamKind kind);
std::unique_ptr<Decoder> NewDecoder(StreamKind kind, const StreamWay& way);

}  // namespace peer
