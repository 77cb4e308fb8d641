#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "raft/types.h"

// raftpb, the protobuf form that members send each other and write to their logs.
//
// Encoders write what etcd 3.7 writes: the fields that it sets for a message of that type, in
// order of field number, zero or not. Decoders take what any etcd 3.x writes: fields in any order,
// absent, repeated (the last counts), explicitly zero, unknown; repeated integers packed or not.
// They fail with kDataLoss, naming the message, for malformed input and for values that an enum
// does not have. The fields vote and responses of Message, which etcd gives only to messages that
// stay within a process, are skipped like unknown ones.

namespace raft {

// raftpb.Entry.
struct EntryField {
  enum : uint32_t { kType = 1, kTerm = 2, kIndex = 3, kData = 4 };
};

void Encode(const Entry& entry, base::Bytes* out);
void Encode(const HardState& state, base::Bytes* out);
void Encode(const ConfState& state, base::Bytes* out);
void Encode(const Snapshot& snapshot, base::Bytes* out);
void Encode(const Message& message, base::Bytes* out);
void Encode(const ConfChange& change, base::Bytes* out);
// The empty change, which leaves a joint configuration, has the empty encoding: no limit on
// proposals can refuse it.
void Encode(const ConfChangeV2& change, base::Bytes* out);

uint64_t EncodedSize(const ConfState& state);
uint64_t EncodedSize(const Snapshot& snapshot);

base::Result<Entry> DecodeEntry(base::ByteView in);
base::Result<HardState> DecodeHardState(base::ByteView in);
base::Result<ConfState> DecodeConfState(base::ByteView in);
base::Result<Snapshot> DecodeSnapshot(base::ByteView in);
base::Result<Message> DecodeMessage(base::ByteView in);
base::Result<ConfChange> DecodeConfChange(base::ByteView in);
base::Result<ConfChangeV2> DecodeConfChangeV2(base::ByteView in);

// The change that a committed entry of type kConfChange or kConfChangeV2 carries.
base::Result<ConfChangeV2> ConfChangeOf(const Entry& entry);

}  // namespace raft
