#include "server/etcd_log.h"

#include <algorithm>
#include <string>
#include <utility>

#include "raft/codec.h"
#include "raft/confchange.h"
#include "server/etcd_entry.h"
#include "server/log_metadata.h"
#include "storage/snap/snapshot_file.h"
#include "storage/wal/reader.h"

namespace server {
namespace {

base::Result<std::optional<EtcdLog::Snapshot>> ReadSnapshot(runtime::Disk& disk, const Paths& paths,
                                                            raft::EntryId at) {
  const std::string path =
      runtime::JoinPath(paths.snap, snap::SnapshotName{at.term, at.index}.ToString());
  ASSIGN_OR_RETURN(const bool exists, disk.Exists(path));
  if (at.index == base::Index() || !exists) return std::optional<EtcdLog::Snapshot>();
  ASSIGN_OR_RETURN(const base::Bytes bytes, runtime::ReadFile(disk, path));
  const std::optional<snap::Snapshot> file = snap::ParseSnapshotFile(bytes);
  if (!file.has_value() || file->index != at.index || file->term != at.term) {
    return base::Status(base::Code::kDataLoss, path + ": damaged");
  }
  EtcdLog::Snapshot snapshot;
  ASSIGN_OR_RETURN(snapshot.conf_state, raft::DecodeConfState(file->conf_state));
  if (!file->data.empty()) {
    ASSIGN_OR_RETURN(snapshot.membership, members::SnapshotMembershipFromJson(file->data));
  }
  snapshot.store = file->data;
  return std::optional(std::move(snapshot));
}

// `is_sole_voter`: see wal::Read.
base::Result<EtcdLog> ReadFiles(runtime::Disk& disk, const Paths& paths, bool is_sole_voter) {
  EtcdLog log;
  ASSIGN_OR_RETURN(const wal::SnapshotMark mark,
                   wal::FindNewestMark(disk, paths.wal, wal::Frames::kAny));
  ASSIGN_OR_RETURN(wal::ReadLog read,
                   wal::Read(disk, paths.wal, mark, is_sole_voter, wal::Frames::kAny));
  log.base = {mark.term, mark.index};
  log.base_is_of_3_4 = mark.index > base::Index() && mark.conf_state.empty();
  ASSIGN_OR_RETURN(const LogMetadata metadata, ParseMetadata(read.contents.metadata));
  log.self = metadata.member;
  log.metadata = std::move(read.contents.metadata);
  log.entries = std::move(read.contents.entries);
  log.hard_state = read.contents.hard_state;
  if (log.last().index == base::Index()) {
    return base::Status(base::Code::kDataLoss,
                        paths.wal + ": has no entries; the first start of etcd was not finished");
  }
  ASSIGN_OR_RETURN(log.snapshot, ReadSnapshot(disk, paths, log.base));
  return log;
}

}  // namespace

raft::EntryId EtcdLog::last() const {
  return entries.empty() ? base : raft::EntryId{entries.back().term, entries.back().index};
}

base::Term EtcdLog::TermOf(base::Index index) const {
  return index == base.index ? base.term : entries[index - base.index - 1].term;
}

std::optional<raft::Membership> EtcdLog::MembershipAt(base::Index index) const {
  if (base.index > base::Index() && !snapshot.has_value()) return std::nullopt;
  raft::Membership membership;
  if (snapshot.has_value()) {
    auto told = raft::Membership::FromConfState(snapshot->conf_state);
    if (!told.ok()) return std::nullopt;
    membership = *std::move(told);
  }
  for (const raft::Entry& entry : entries) {
    if (entry.index > index) break;
    if (entry.type == raft::EntryType::kNormal) continue;
    const auto change = raft::ConfChangeOf(entry);
    if (!change.ok()) return std::nullopt;
    auto changed = raft::Change(membership, *change);
    if (!changed.ok()) return std::nullopt;
    membership = *std::move(changed);
  }
  return membership;
}

bool EtcdLog::IsOfSoleVoter() const {
  const auto membership = MembershipAt(last().index);
  return membership.has_value() && membership->IsSingleton() && membership->voters.Contains(self);
}

bool EtcdLog::HasV2Keys() const {
  return (snapshot.has_value() && snapshot->membership.has_other_content) ||
         std::any_of(entries.begin(), entries.end(), ChangesV2Keys);
}

base::Result<EtcdLog> ReadEtcdLog(runtime::Disk& disk, const Paths& paths) {
  ASSIGN_OR_RETURN(EtcdLog log, ReadFiles(disk, paths, /*is_sole_voter=*/false));
  if (!log.IsOfSoleVoter()) return log;
  // More of what is wrong with it can be seen then.
  return ReadFiles(disk, paths, /*is_sole_voter=*/true);
}

}  // namespace server
