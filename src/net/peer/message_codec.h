#pragma once

#include <optional>

#include "net/peer/partial_bytes.h"
#include "net/peer/stream_codec.h"

// The stream of messages of every kind:
//
//   stream  = *( length message )
//   length  = 8 bytes, big endian, of the message
//   message = raftpb.Message
//
// A message of type MsgHeartbeat from 0 to 0 is a link heartbeat.

namespace peer {

class MessageEncoder final : public Encoder {
 public:
  void Encode(const raft::Message& message, base::Bytes* out) override;
  void EncodeLinkHeartbeat(base::Bytes* out) override;
};

class MessageDecoder final : public Decoder {
 public:
  base::Status Feed(base::ByteView bytes, std::vector<raft::Message>* messages) override;

 private:
  std::optional<uint64_t> size_;  // of the message that comes, once it is known
  PartialBytes partial_;
};

}  // namespace peer
