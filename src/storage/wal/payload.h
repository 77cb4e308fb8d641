#pragma once

#include "base/bytes.h"
#include "storage/wal/types.h"

// The data of records: messages of raftpb and walpb. As etcd's encoder of these proto2 messages
// does, the numbers are written even if zero, so that equal logs have equal bytes.
//
//   entry    = raftpb.Entry     { 1: type, 2: term, 3: index, 4: data unless empty }
//   state    = raftpb.HardState { 1: term, 2: vote, 3: commit }
//   snapshot = walpb.Snapshot   { 1: index, 2: term, 3: conf_state unless empty }

namespace wal {

// The encoding of an entry up to and including the length of its data, which follows as it is.
class EntryHead {
 public:
  explicit EntryHead(const Entry& entry);
  base::ByteView view() const { return {bytes_, size_}; }

 private:
  char bytes_[4 * 11];  // four tags, each with an integer of up to ten bytes
  size_t size_;
};

void AppendHardState(const HardState& state, base::Bytes* out);
void AppendSnapshotMark(const SnapshotMark& mark, base::Bytes* out);

// Each is false for bytes that are no such message.
bool ParseEntry(base::ByteView data, Entry* entry);  // entry->data borrows
bool ParseHardState(base::ByteView data, HardState* state);
bool ParseSnapshotMark(base::ByteView data, SnapshotMark* mark);

}  // namespace wal
