#pragma once

#include "base/bytes.h"
#include "base/ids.h"

namespace wal {

// The log may be read from here on, given a snapshot of this index and term. `conf_state` is an
// encoded raftpb.ConfState, empty in logs of etcd before 3.5 and at index 0. In a record it is
//
//   walpb.Snapshot { 1: index, 2: term, 3: conf_state unless empty }
//
// whose numbers are written even if zero, as etcd's encoder of proto2 does.
struct SnapshotMark {
  base::Index index;
  base::Term term;
  base::Bytes conf_state;

  friend bool operator==(const SnapshotMark&, const SnapshotMark&) = default;
};

void AppendSnapshotMark(const SnapshotMark& mark, base::Bytes* out);
// False for bytes that are no such message.
bool ParseSnapshotMark(base::ByteView data, SnapshotMark* mark);

}  // namespace wal
