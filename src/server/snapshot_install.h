#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "raft/types.h"
#include "server/environment.h"
#include "server/options.h"
#include "state/apply/state.h"

// The database that came with another member's snapshot. Until the log has a mark of the snapshot
// it lies beside the member's own, then it takes its place:
//
//   received -> marked in the log -> moved over the own one -> read into memory
//
// A start finds out from the log and the two files how far that had come.

namespace server {

// What the name of a received database has in it; that of its lock file goes on behind it.
inline constexpr std::string_view kReceivedSuffix = ".snap.mdb";

// Where a database lies that is as entry `index` left it: "<index>.snap.mdb" in member/snap, the
// index in 16 hex digits.
std::string ReceivedDatabasePath(const Options& options, base::Index index);

// Puts a received database in the place of the member's own and reads it. Blocks. kDataLoss if it
// is not as entry `at` left it.
base::Result<std::shared_ptr<apply::State>> InstallReceived(const Options& options,
                                                            const Environment& environment,
                                                            raft::EntryId at);

// Reads the state in `database`, which came from elsewhere and lies at `path`. kDataLoss if it is
// not as entry `index` left it; the errors of apply::State::Open.
base::Result<std::shared_ptr<apply::State>> OpenStateAt(const Options& options,
                                                        const Environment& environment,
                                                        std::unique_ptr<backend::Backend> database,
                                                        const std::string& path, base::Index index);

apply::State::Options StateOptions(const Options& options);

}  // namespace server
