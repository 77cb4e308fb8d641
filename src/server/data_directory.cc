#include "server/data_directory.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/wire.h"
#include "raft/codec.h"
#include "state/members/member.h"
#include "state/members/membership.h"
#include "storage/schema/consistent_index.h"

namespace server {
namespace {

using runtime::JoinPath;

// etcdserverpb.Metadata { 1: NodeID, 2: ClusterID }, the log's first record.
base::Bytes EncodeMetadata(base::MemberId id, base::ClusterId cluster) {
  base::Bytes metadata;
  base::WireWriter writer(&metadata);
  writer.Varint(1, id.value());
  writer.Varint(2, cluster.value());
  return metadata;
}

base::Status ParseMetadata(base::ByteView metadata, Recovered* recovered) {
  base::WireReader reader(metadata);
  while (reader.Next()) {
    if (reader.field() == 1) recovered->id = base::MemberId(reader.varint());
    if (reader.field() == 2) recovered->cluster = base::ClusterId(reader.varint());
  }
  if (!reader.ok() || recovered->id == base::MemberId()) {
    return {base::Code::kDataLoss, "wal: the metadata names no member"};
  }
  return {};
}

base::Status Unsupported(std::string_view what) {
  return {base::Code::kFailedPrecondition, std::string(what) + " is not supported by this version"};
}

struct Founding {
  std::vector<members::Member> members;  // ascending by id
  base::MemberId self;
  base::ClusterId cluster;
};

base::Result<Founding> Found(const Options& options) {
  if (options.join_existing_cluster) {
    return Unsupported("joining a cluster (--initial-cluster-state existing)");
  }
  if (options.initial_cluster.size() > 1) {
    return Unsupported("a cluster of several members (--initial-cluster)");
  }
  Founding founding;
  std::vector<base::MemberId> ids;
  for (const InitialMember& initial : options.initial_cluster) {
    members::Member member{
        .id = members::InitialMemberId(initial.peer_urls, options.initial_cluster_token),
        .peer_urls = initial.peer_urls,
        .name = initial.name,
        .client_urls = {}};
    std::sort(member.peer_urls.begin(), member.peer_urls.end());
    if (initial.name == options.name) founding.self = member.id;
    ids.push_back(member.id);
    founding.members.push_back(std::move(member));
  }
  if (founding.self == base::MemberId()) {
    return base::Status(base::Code::kFailedPrecondition, "couldn't find local name \"" +
                                                             options.name +
                                                             "\" in the initial cluster "
                                                             "configuration");
  }
  std::sort(founding.members.begin(), founding.members.end(),
            [](const auto& a, const auto& b) { return a.id < b.id; });
  founding.cluster = members::InitialClusterId(std::move(ids));
  return founding;
}

// A cluster begins with one committed entry for each member, in the order of their identifiers,
// so that all members begin with the same log.
std::vector<raft::Entry> FoundingEntries(const Founding& founding) {
  std::vector<raft::Entry> entries;
  for (const members::Member& member : founding.members) {
    base::Bytes change;
    raft::Encode(raft::ConfChange{.type = raft::ConfChangeType::kAddNode,
                                  .node_id = member.id,
                                  .context = members::ToJson(member)},
                 &change);
    entries.push_back({.term = base::Term(1),
                       .index = base::Index(entries.size() + 1),
                       .type = raft::EntryType::kConfChange,
                       .data = base::SharedBytes(change)});
  }
  return entries;
}

base::Status WriteFounding(const std::vector<raft::Entry>& entries, Recovered* recovered) {
  recovered->entries = entries;
  recovered->hard_state = {.term = base::Term(1), .commit = entries.back().index};
  std::vector<wal::Entry> records;
  for (const raft::Entry& entry : entries) {
    records.push_back(
        {static_cast<uint64_t>(entry.type), entry.term, entry.index, entry.data.view()});
  }
  return recovered->log->Append(
      {.entries = records, .hard_state = {base::Term(1), base::MemberId(), entries.back().index}});
}

base::Status OpenLog(const Options& options, const Environment& environment, Recovered* recovered) {
  const Paths paths(options);
  ASSIGN_OR_RETURN(const bool exists, environment.disk->Exists(paths.wal));
  if (!exists) {
    ASSIGN_OR_RETURN(const Founding founding, Found(options));
    ASSIGN_OR_RETURN(recovered->log,
                     wal::Log::Create(*environment.disk, paths.wal,
                                      EncodeMetadata(founding.self, founding.cluster),
                                      {.segment_bytes = options.wal_segment_bytes}));
    recovered->id = founding.self;
    recovered->cluster = founding.cluster;
    return WriteFounding(FoundingEntries(founding), recovered);
  }
  ASSIGN_OR_RETURN(const std::vector<wal::SnapshotMark> marks,
                   wal::ReadSnapshotMarks(*environment.disk, paths.wal));
  if (marks.empty()) {
    return {base::Code::kDataLoss, paths.wal + ": the log has no mark to be read from"};
  }
  ASSIGN_OR_RETURN(wal::Log::Opened opened,
                   wal::Log::Open(*environment.disk, paths.wal, marks.back(),
                                  {.segment_bytes = options.wal_segment_bytes}));
  recovered->log = std::move(opened.log);
  recovered->base = {marks.back().term, marks.back().index};
  RETURN_IF_ERROR(ParseMetadata(opened.contents.metadata, recovered));
  const wal::HardState& state = opened.contents.hard_state;
  recovered->hard_state = {state.term, state.vote, state.commit};
  for (wal::StoredEntry& entry : opened.contents.entries) {
    recovered->entries.push_back(
        {entry.term, entry.index, static_cast<raft::EntryType>(entry.type), std::move(entry.data)});
  }
  if (recovered->base.index > base::Index() || !recovered->entries.empty()) return {};
  // The first start did not get to its first entries.
  ASSIGN_OR_RETURN(const Founding founding, Found(options));
  if (founding.self != recovered->id || founding.cluster != recovered->cluster) {
    return {base::Code::kFailedPrecondition,
            paths.wal + ": the member was to be founded with other options"};
  }
  return WriteFounding(FoundingEntries(founding), recovered);
}

// Returns the term of the last entry that the database covers.
base::Result<base::Term> OpenDatabase(const Options& options, const Environment& environment,
                                      Recovered* recovered) {
  const Paths paths(options);
  ASSIGN_OR_RETURN(recovered->database, environment.open_backend(paths.database));
  ASSIGN_OR_RETURN(const auto reader, recovered->database->NewReader());
  ASSIGN_OR_RETURN(const schema::ConsistentIndex covered, schema::ReadConsistentIndex(*reader));
  recovered->applied = covered.index;
  ASSIGN_OR_RETURN(std::optional<raft::ConfState> conf_state, members::ReadConfState(*reader));
  if (conf_state.has_value()) {
    recovered->conf_state = std::move(*conf_state);
  } else if (covered.index > base::Index()) {
    return base::Status(base::Code::kDataLoss,
                        paths.database + ": no configuration of the cluster");
  }
  if (recovered->conf_state.voters.size() > 1 || !recovered->conf_state.learners.empty()) {
    return Unsupported("the data directory of a cluster of several members");
  }
  return covered.term;
}

std::string Recovery() {
  return "; remove the member and add it again, or restore a snapshot";
}

// The rules between the log and the database.
base::Status Match(const Options& options, Recovered* recovered, base::Term database_term) {
  const Paths paths(options);
  const base::Index applied = recovered->applied;
  const base::Index last =
      recovered->entries.empty() ? recovered->base.index : recovered->entries.back().index;
  if (applied < recovered->base.index) {
    return {base::Code::kDataLoss, paths.database + ": ends at entry " + ToString(applied) +
                                       ", before the log begins (" +
                                       ToString(recovered->base.index) + ")" + Recovery()};
  }
  if (applied > last) {
    return {base::Code::kDataLoss, paths.wal + ": ends at entry " + ToString(last) +
                                       ", but the database has entry " + ToString(applied) +
                                       Recovery()};
  }
  const base::Term term = applied == recovered->base.index
                              ? recovered->base.term
                              : recovered->entries[applied - recovered->base.index - 1].term;
  if (term != database_term && database_term != base::Term()) {
    return {base::Code::kDataLoss, paths.wal + ": entry " + ToString(applied) + " is of term " +
                                       ToString(term) + ", in the database of term " +
                                       ToString(database_term) + Recovery()};
  }
  // The commit index is not always synced by itself.
  recovered->hard_state.commit = std::max(recovered->hard_state.commit, applied);
  return {};
}

}  // namespace

Paths::Paths(const Options& options)
    : member(JoinPath(options.data_dir, "member")),
      wal(options.wal_dir.empty() ? JoinPath(member, "wal") : options.wal_dir),
      snap(JoinPath(member, "snap")),
      database(JoinPath(snap, "db.mdb")) {}

base::Result<Recovered> OpenDataDirectory(const Options& options, const Environment& environment) {
  const Paths paths(options);
  runtime::Disk& disk = *environment.disk;
  RETURN_IF_ERROR(disk.CreateDirectories(paths.snap));
  RETURN_IF_ERROR(disk.SyncDirectory(paths.member));
  ASSIGN_OR_RETURN(const bool has_bbolt, disk.Exists(JoinPath(paths.snap, "db")));
  ASSIGN_OR_RETURN(const bool has_database, disk.Exists(paths.database));
  if (has_bbolt && !has_database) {
    return base::Status(base::Code::kFailedPrecondition,
                        JoinPath(paths.snap, "db") + ": a bbolt database, which is not imported");
  }
  Recovered recovered;
  RETURN_IF_ERROR(OpenLog(options, environment, &recovered));
  ASSIGN_OR_RETURN(const base::Term database_term, OpenDatabase(options, environment, &recovered));
  RETURN_IF_ERROR(Match(options, &recovered, database_term));
  return recovered;
}

}  // namespace server
