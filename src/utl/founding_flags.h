#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "cli/flags.h"
#include "server/options.h"

namespace utl {

// The flags of a member of a new cluster, as `etcdutl snapshot restore` has them: who it is, who
// the others are, and where its revision goes on.
std::vector<cli::FlagSpec> FoundingFlags();

// What they say of a member whose directories these are. Errors are etcd's.
base::Result<server::Options> FoundingOptions(const cli::Flags& flags, const std::string& data_dir,
                                              const std::string& wal_dir);
// kInvalidArgument, in etcd's words, if only one of the two flags of the revision is given.
base::Status CheckBump(const cli::Flags& flags);

}  // namespace utl
