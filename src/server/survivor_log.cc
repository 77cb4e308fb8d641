#include "server/survivor_log.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "server/etcd_log.h"
#include "server/snapshot_install.h"
#include "storage/wal/log.h"
#include "storage/wal/reader.h"
#include "storage/wal/snapshot_mark.h"

namespace server {
namespace {

class Reading {
 public:
  Reading(runtime::Disk* disk, const Options& options, const schema::ConsistentIndex& covered,
          bool is_sole_voter)
      : disk_(*disk),
        options_(options),
        paths_(options),
        covered_(covered),
        is_sole_voter_(is_sole_voter) {}

  base::Result<SurvivorLog> Run() {
    const base::Status whole = ReadFromMark();
    if (whole.ok()) {
      CheckFits();
      return std::move(log_);
    }
    if (!IsDamageOrLoss(whole)) return whole;
    const base::Status rest = ReadFromCovered();
    if (rest.ok()) {
      log_.mended_damage = std::string(whole.message());
      return std::move(log_);
    }
    if (!IsDamageOrLoss(rest)) return rest;
    RETURN_IF_ERROR(ReadWhatIsLeft());
    log_.damage = std::string(whole.message());
    return std::move(log_);
  }

 private:
  base::Status ReadFromMark() {
    ASSIGN_OR_RETURN(const wal::SnapshotMark mark, wal::FindNewestMark(disk_, paths_.wal));
    ASSIGN_OR_RETURN(wal::ReadLog read, wal::Read(disk_, paths_.wal, mark, is_sole_voter_));
    return Take({mark.term, mark.index}, &read);
  }

  base::Status ReadFromCovered() {
    const wal::SnapshotMark mark{covered_.index, covered_.term, {}};
    ASSIGN_OR_RETURN(wal::ReadLog read,
                     wal::ReadPastDamage(disk_, paths_.wal, mark, is_sole_voter_));
    return Take({covered_.term, covered_.index}, &read);
  }

  // Once nothing of it was cut off.
  base::Status Take(raft::EntryId base, wal::ReadLog* read) {
    RETURN_IF_ERROR(wal::RequireWhole(disk_, read->tail, options_.wal_segment_bytes));
    if (read->tail.last_index < covered_.index) {
      return {base::Code::kDataLoss, paths_.wal + ": does not have entry " +
                                         ToString(covered_.index) + ", which the database has"};
    }
    ASSIGN_OR_RETURN(log_.identity, ParseMetadata(read->contents.metadata));
    log_.base = base;
    log_.entries = std::move(read->contents.entries);
    log_.state = read->contents.hard_state;
    log_.state.commit = std::max(log_.state.commit, covered_.index);
    return {};
  }

  // What the database has at its last entry must be what the log has there.
  void CheckFits() {
    if (log_.base.index > covered_.index) {
      log_.damage = DatabaseBehindLog(paths_.database, covered_.index, log_.base.index);
      return;
    }
    const uint64_t position = covered_.index - log_.base.index;
    if (position > log_.entries.size()) {
      log_.damage = paths_.wal + ": does not have entry " + ToString(covered_.index) +
                    ", which the database has";
      return;
    }
    const base::Term term = position == 0 ? log_.base.term : log_.entries[position - 1].term;
    if (term != covered_.term && covered_.term != base::Term()) {
      log_.damage = paths_.wal + ": entry " + ToString(covered_.index) + " is of term " +
                    ToString(term) + ", in the database of term " + ToString(covered_.term);
    }
  }

  base::Status ReadWhatIsLeft() {
    const auto remains = wal::ReadRemains(disk_, paths_.wal);
    if (!remains.ok()) return IsDamageOrLoss(remains.status()) ? base::Status() : remains.status();
    const auto identity = ParseMetadata(remains->metadata);
    if (identity.ok()) log_.identity = *identity;
    log_.base = {base::Term(), remains->highest_index};
    log_.state = remains->hard_state;
    return {};
  }

  runtime::Disk& disk_;
  const Options& options_;
  const Paths paths_;
  const schema::ConsistentIndex covered_;
  const bool is_sole_voter_;
  SurvivorLog log_;
};

}  // namespace

base::Result<SurvivorLog> ReadSurvivorLog(runtime::Disk& disk, const Options& options,
                                          const schema::ConsistentIndex& covered,
                                          bool is_sole_voter) {
  return Reading(&disk, options, covered, is_sole_voter).Run();
}

base::Result<SurvivorLog> ReadSurvivorLogOfEtcd(runtime::Disk& disk, const Options& options) {
  SurvivorLog log;
  auto read = ReadEtcdLog(disk, Paths(options));
  if (!read.ok()) {
    if (!IsDamageOrLoss(read.status())) return read.status();
    log.damage = std::string(read.status().message());
    return log;
  }
  ASSIGN_OR_RETURN(log.identity, ParseMetadata(read->metadata));
  log.base = read->base;
  log.entries = std::move(read->entries);
  log.state = read->hard_state;
  log.state.commit = std::max(log.state.commit, log.base.index);
  return log;
}

std::string DatabaseBehindLog(const std::string& database, base::Index covered, base::Index begin) {
  const std::string end = covered == base::Index()
                              ? ": is empty or missing, and the log does not begin with its first "
                                "entry"
                              : ": ends at entry " + ToString(covered) + ", before the log begins";
  return database + end + " (" + ToString(begin) + ")";
}

base::Result<std::string> SurvivorDatabasePath(runtime::Disk& disk, const Options& options) {
  const Paths paths(options);
  const auto newest = wal::FindNewestMark(disk, paths.wal);
  if (!newest.ok()) return paths.database;
  const std::string received = ReceivedDatabasePath(options, newest->index);
  ASSIGN_OR_RETURN(const bool exists, disk.Exists(received));
  return exists ? received : paths.database;
}

}  // namespace server
