#include "server/snapshot_install.h"

#include <cstdio>
#include <utility>

#include "runtime/failpoint.h"
#include "server/data_directory.h"
#include "storage/schema/consistent_index.h"
#include "storage/schema/storage_version.h"

// Why the database moves only after the mark: before it, the log still begins below, and a crash
// must find the database that belongs to it. After it, the log begins at the snapshot's entry, and
// only the received database goes that far. The move is one rename, so that a crash finds it done
// or not; if not, the next start does it (TakeReceived in data_directory.cc).

namespace server {

std::string ReceivedDatabasePath(const Options& options, base::Index index) {
  char number[17];
  std::snprintf(number, sizeof number, "%016llx", static_cast<unsigned long long>(index.value()));
  return runtime::JoinPath(Paths(options).snap, number + std::string(kReceivedSuffix));
}

base::Result<std::shared_ptr<apply::State>> InstallReceived(const Options& options,
                                                            const Environment& environment,
                                                            raft::EntryId at) {
  const std::string path = Paths(options).database;
  runtime::Reach(runtime::Failpoint::kRaftBeforeApplySnap);
  RETURN_IF_ERROR(environment.move_backend(ReceivedDatabasePath(options, at.index), path));
  runtime::Reach(runtime::Failpoint::kApplyBeforeOpenSnapshot);
  ASSIGN_OR_RETURN(auto database, environment.open_backend(path, environment.on_damage));
  runtime::Reach(runtime::Failpoint::kRaftAfterApplySnap);
  return OpenStateAt(options, environment, std::move(database), path, at.index);
}

base::Result<std::shared_ptr<apply::State>> OpenStateAt(const Options& options,
                                                        const Environment& environment,
                                                        std::unique_ptr<backend::Backend> database,
                                                        const std::string& path,
                                                        base::Index index) {
  RETURN_IF_ERROR(schema::EnsureStorageVersion(kStorageVersion, database.get()));
  {
    ASSIGN_OR_RETURN(const auto reader, database->NewReader());
    ASSIGN_OR_RETURN(const schema::ConsistentIndex covered, schema::ReadConsistentIndex(*reader));
    if (covered.index != index) {
      return base::Status(base::Code::kDataLoss, path + ": should be of entry " + ToString(index) +
                                                     " and is of entry " + ToString(covered.index));
    }
  }
  return apply::State::Open(std::move(database), StateOptions(options),
                            &environment.apply_loop->clock());
}

apply::State::Options StateOptions(const Options& options) {
  apply::State::Options state;
  state.commits.age_max = options.backend_batch_interval;
  state.commits.operations_max = options.backend_batch_limit;
  state.store.history_bytes = options.history_bytes;
  state.store.compaction_slice = kCompactionSlice;
  state.lease_ttl_min = options.lease_ttl_min();
  state.extensions = options.extensions;
  return state;
}

}  // namespace server
