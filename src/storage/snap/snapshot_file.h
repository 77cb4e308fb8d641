#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/ids.h"

namespace snap {

// raftpb.Snapshot: a state of the cluster at an entry of the log.
struct Snapshot {
  base::Index index;
  base::Term term;
  base::Bytes conf_state;  // an encoded raftpb.ConfState
  base::Bytes data;        // JSON of the membership, as etcd up to 3.7 has it

  friend bool operator==(const Snapshot&, const Snapshot&) = default;
};

// The name of a snapshot file, "TTTTTTTTTTTTTTTT-IIIIIIIIIIIIIIII.snap": term and index, 16 hex
// digits each. Names in order are snapshots in order.
struct SnapshotName {
  base::Term term;
  base::Index index;

  std::string ToString() const;
  static std::optional<SnapshotName> Parse(std::string_view text);

  friend auto operator<=>(const SnapshotName&, const SnapshotName&) = default;
};

// The bytes of a snapshot file, as etcd writes and reads them:
//
//   file     = snappb.snapshot     { 1: crc, 2: data }      crc = CRC-32C of data
//   data     = raftpb.Snapshot     { 1: data unless empty, 2: metadata }
//   metadata = raftpb.SnapshotMetadata { 1: conf_state, 2: index, 3: term }
//
// Numbers are written even if they are zero.
base::Bytes EncodeSnapshotFile(const Snapshot& snapshot);
// Nothing for bytes that are no snapshot file or whose checksum does not fit.
std::optional<Snapshot> ParseSnapshotFile(base::ByteView bytes);

}  // namespace snap
