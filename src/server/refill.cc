#include "server/refill.h"

#include <string>
#include <utility>

#include "base/coverage_mark.h"
#include "raft/codec.h"
#include "raft/confchange.h"
#include "raft/membership.h"
#include "server/log_metadata.h"
#include "server/planted.h"
#include "storage/schema/storage_version.h"

namespace server {
namespace {

// `log` says why the log cannot be read: it is damaged too, or it is the disk.
base::Status Refuse(const base::Status& damage, const base::Status& log) {
  if (!IsDamageOrLoss(log)) return log;
  return {base::Code::kDataLoss,
          std::string(damage.message()) +
              "; nor can it be refilled from other members: " + std::string(log.message())};
}

// The configuration after the mark and the entries behind it up to `last`.
base::Result<raft::Membership> ConfigurationAt(base::Index last, const wal::SnapshotMark& mark,
                                               const wal::Contents& contents) {
  ASSIGN_OR_RETURN(const raft::ConfState conf_state, raft::DecodeConfState(mark.conf_state));
  ASSIGN_OR_RETURN(raft::Membership membership, raft::Membership::FromConfState(conf_state));
  for (const raft::Entry& entry : contents.entries) {
    if (entry.index > last) break;
    if (entry.type == raft::EntryType::kNormal) continue;
    ASSIGN_OR_RETURN(const raft::ConfChangeV2 change, raft::ConfChangeOf(entry));
    ASSIGN_OR_RETURN(membership, raft::Change(membership, change));
  }
  return membership;
}

// Then a start goes on as if there were no refilling.
base::Result<bool> NotRefilled(const base::Status& damage) {
  return damage.ok() ? base::Result<bool>(false) : base::Result<bool>(damage);
}

// For PlantedBug.
void Forget(Recovered* recovered) {
  raft::HardState& hard = recovered->hard_state;
  if (base::Planted(PlantedBug::kRefillForgetsVotes)) {
    hard.term = recovered->entries.empty() ? recovered->base.term : recovered->entries.back().term;
    hard.vote = {};
  }
  if (base::Planted(PlantedBug::kRefillForgetsEntries)) {
    std::erase_if(recovered->entries,
                  [&](const raft::Entry& entry) { return entry.index > hard.commit; });
  }
}

bool VotesAlone(const raft::Membership& membership, base::MemberId self) {
  return membership.voters.Members() == raft::MemberSet{self};
}

}  // namespace

std::string BrokenDatabasePath(const Options& options) {
  return Paths(options).database + ".broken";
}

base::Status PutDatabaseAside(const Options& options, const Environment& environment) {
  const std::string path = Paths(options).database;
  ASSIGN_OR_RETURN(const bool exists, environment.disk->Exists(path));
  if (!exists) return {};
  const std::string copy = BrokenDatabasePath(options);
  RETURN_IF_ERROR(environment.move_backend(path, copy));
  environment.logger->Warn("put the damaged database aside", {{"path", path}, {"copy", copy}});
  base::Mark<"server: a damaged database is put aside">();
  return {};
}

bool MayRefill(const Options& options, const Environment& environment) {
  return options.refill && environment.transport != nullptr && !options.force_new_cluster;
}

base::Result<bool> OpenToRefill(const Options& options, const Environment& environment,
                                const base::Status& damage, Recovered* recovered) {
  const Paths paths(options);
  const auto mark = wal::FindNewestMark(*environment.disk, paths.wal);
  const bool is_missing = damage.ok() && mark.ok() && mark->index > base::Index();
  if (!MayRefill(options, environment) || (damage.ok() && !is_missing)) return NotRefilled(damage);
  if (!mark.ok()) return Refuse(damage, mark.status());
  auto opened = wal::Log::Open(*environment.disk, paths.wal, *mark,
                               {.segment_bytes = options.wal_segment_bytes});
  if (!opened.ok()) {
    const base::Status missing(base::Code::kDataLoss, paths.database + ": is empty or missing");
    return Refuse(is_missing ? missing : damage, opened.status());
  }
  LogCutOff(*environment.logger, *opened);
  ASSIGN_OR_RETURN(const LogMetadata metadata, ParseMetadata(opened->contents.metadata));
  const wal::Contents& contents = opened->contents;
  const auto membership = ConfigurationAt(contents.hard_state.commit, *mark, contents);
  if (!membership.ok() || VotesAlone(*membership, metadata.member)) return NotRefilled(damage);
  // A member that votes alone need not have written what is committed.
  const base::Index last = contents.entries.empty() ? mark->index : contents.entries.back().index;
  const auto newest = ConfigurationAt(last, *mark, contents);
  if (newest.ok() && VotesAlone(*newest, metadata.member)) return NotRefilled(damage);
  recovered->database = nullptr;
  if (!damage.ok()) {
    base::Mark<"server: a damaged database is to be filled again">();
    environment.logger->Error("the database is damaged; other members fill it again",
                              {{"path", paths.database}, {"error", damage.message()}});
    RETURN_IF_ERROR(PutDatabaseAside(options, environment));
  }
  ASSIGN_OR_RETURN(recovered->database,
                   environment.open_backend(paths.database, environment.on_damage));
  RETURN_IF_ERROR(schema::EnsureStorageVersion(kStorageVersion, recovered->database.get()));
  recovered->id = metadata.member;
  recovered->cluster = metadata.cluster;
  recovered->log = std::move(opened->log);
  recovered->base = {mark->term, mark->index};
  recovered->hard_state = opened->contents.hard_state;
  recovered->entries = std::move(opened->contents.entries);
  Forget(recovered);
  recovered->applied = {};
  recovered->conf_state = {};
  recovered->awaits_snapshot = mark->index > base::Index();
  if (recovered->awaits_snapshot) recovered->conf_state = membership->ToConfState();
  return true;
}

}  // namespace server
