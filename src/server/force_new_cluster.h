#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "server/data_directory.h"
#include "server/environment.h"
#include "server/options.h"
#include "server/replay.h"

// --force-new-cluster: of a cluster that has lost its majority, one member goes on alone. It keeps
// its id, its keys and the cluster's id; all others are removed, as if it had been asked for.
//
//   what the log has as committed -> in the database; what is behind it is dropped
//   one entry for each other member that is there, and for this one if it does not vote; two if it
//   begins where another one stood
//   these entries -> applied in memory, durable in the log as committed, then in the database
//
// A crash before the entries are durable leaves the cluster as it was, one behind it the member
// alone: any start goes on from either.

namespace server {

// The entries behind replay.applied() that leave `self` the cluster's only member.
// kFailedPrecondition if it was removed from the cluster.
base::Result<std::vector<raft::Entry>> EntriesToBeAlone(Replay& replay, base::MemberId self,
                                                        base::Term term, const Options& options);
// kDataLoss if somebody but `self` still votes, or it does not.
base::Status CheckIsAlone(Replay& replay, base::MemberId self);

// Does it to a member that was recovered; then its database covers its log, of which it is the only
// voter. Needs Options::force_new_cluster. Blocks.
base::Status ForceNewCluster(const Options& options, const Environment& environment,
                             Recovered* recovered);

}  // namespace server
