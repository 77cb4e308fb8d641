#pragma once

#include <optional>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "raft/membership.h"
#include "raft/types.h"
#include "runtime/disk.h"
#include "server/data_directory.h"
#include "state/members/snapshot_json.h"

namespace server {

// What a log of etcd says behind its newest snapshot.
struct EtcdLog {
  base::Bytes metadata;
  base::MemberId self;
  raft::EntryId base;  // of the snapshot
  // Whether the log was marked there by etcd 3.4, which knows of no configuration in it.
  bool base_is_of_3_4 = false;
  std::vector<raft::Entry> entries;
  raft::HardState hard_state;

  // Of the `.snap` file at `base`; nothing at entry 0, or if there is no such file.
  struct Snapshot {
    raft::ConfState conf_state;
    members::SnapshotMembership membership;
    base::Bytes store;  // in JSON, of which the membership is a part
  };
  std::optional<Snapshot> snapshot;

  raft::EntryId last() const;
  // The term of an entry between base and last.
  base::Term TermOf(base::Index index) const;
  // The configuration once the entries up to `index` are applied, as far as the log can tell it:
  // from entry 0 or its snapshot on. Nothing if it cannot, or if the log contradicts itself.
  std::optional<raft::Membership> MembershipAt(base::Index index) const;
  // Whether the member is the only one who votes, as far as the log can tell it: then all entries
  // are committed.
  bool IsOfSoleVoter() const;
  // Whether there are keys of etcd's API v2, or were.
  bool HasV2Keys() const;
};

// Changes nothing. What a crash left at the end of the log is left out. kDataLoss, by file and
// place, for what cannot be believed.
base::Result<EtcdLog> ReadEtcdLog(runtime::Disk& disk, const Paths& paths);

}  // namespace server
