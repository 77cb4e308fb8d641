#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/shared_bytes.h"

namespace wal {

// raftpb.Entry with borrowed data. `type` is raftpb.EntryType, carried as it is.
struct Entry {
  uint64_t type = 0;
  base::Term term;
  base::Index index;
  base::ByteView data = {};
};

// raftpb.Entry as read back.
struct StoredEntry {
  uint64_t type = 0;
  base::Term term;
  base::Index index;
  base::SharedBytes data;

  friend bool operator==(const StoredEntry&, const StoredEntry&) = default;
};

// raftpb.HardState. All zero is "none yet" and is not written.
struct HardState {
  base::Term term;
  base::MemberId vote;
  base::Index commit;

  friend bool operator==(const HardState&, const HardState&) = default;
};

// walpb.Snapshot: the log may be read from here on, given a snapshot of this index and term.
// `conf_state` is an encoded raftpb.ConfState, empty in logs of etcd before 3.5 and at index 0.
struct SnapshotMark {
  base::Index index;
  base::Term term;
  base::Bytes conf_state;

  friend bool operator==(const SnapshotMark&, const SnapshotMark&) = default;
};

}  // namespace wal
