#pragma once

#include "net/peer/partial_bytes.h"
#include "net/peer/stream_codec.h"

// The stream of appends (MsgApp), which etcd calls msgappv2: shorter where one append continues
// the one before.
//
//   stream    = *frame
//   frame     = %x00                                  ; link heartbeat
//             / %x01 count *( length entry ) commit   ; an append that continues
//             / %x02 length message                   ; any other
//   count     = 8 bytes, big endian, of the entries
//   length    = 8 bytes, big endian, of what follows
//   entry     = raftpb.Entry
//   commit    = 8 bytes, big endian: the index
//   message   = raftpb.Message
//
// Both ends keep the term and the index of the last entry that the stream has carried, zeros at
// first. An append continues if it is of that term, follows that entry, and that entry is of its
// term too: then its term, log_term and index are not sent.

namespace peer {

// Of one append; a leader's have a megabyte of entries.
inline constexpr uint64_t kEntriesMax = 1 << 20;

// What both ends keep.
struct AppendState {
  base::Term term;
  base::Index index;

  // What a frame with a whole message leaves.
  void Follow(const raft::Message& message);
};

class AppendEncoder final : public Encoder {
 public:
  // `message` is a MsgApp.
  void Encode(const raft::Message& message, base::Bytes* out) override;
  void EncodeLinkHeartbeat(base::Bytes* out) override;

 private:
  AppendState state_;
};

class AppendDecoder final : public Decoder {
 public:
  explicit AppendDecoder(const StreamWay& way) : way_(way) {}
  base::Status Feed(base::ByteView bytes, std::vector<raft::Message>* messages) override;

 private:
  // What comes next.
  enum class Part : uint8_t {
    kKind,
    kCount,
    kEntryLength,
    kEntry,
    kCommit,
    kMessageLength,
    kMessage,
  };

  size_t PartBytes() const;
  base::Status TakePart(base::ByteView part, std::vector<raft::Message>* messages);
  base::Status TakeKind(uint8_t kind);
  base::Status TakeCount(uint64_t count);
  base::Status TakeEntryLength(uint64_t length);
  base::Status TakeEntry(base::ByteView encoded);
  void TakeCommit(uint64_t commit, std::vector<raft::Message>* messages);
  base::Status TakeMessage(base::ByteView encoded, std::vector<raft::Message>* messages);

  const StreamWay way_;
  AppendState state_;
  PartialBytes partial_;
  Part part_ = Part::kKind;
  uint64_t length_ = 0;         // of the entry or message that comes
  uint64_t entries_left_ = 0;   // of the append that comes
  uint64_t entries_bytes_ = 0;  // of those that came
  std::vector<raft::Entry> entries_;
};

}  // namespace peer
