#pragma once

#include <string>
#include <utility>
#include <vector>

#include "cli/command.h"
#include "storage/mvcc/hasher.h"
#include "utl/snapshot_status.h"

namespace utl {

// Whether --write-out names a format that there is; else kExitBadFeature.
cli::Outcome CheckFormat(const cli::Invocation& invocation);

// In the format of --write-out. What a format cannot show ends with kExitBadFeature.
cli::Outcome Show(const cli::Invocation& invocation, const SnapshotStatus& status);
cli::Outcome Show(const cli::Invocation& invocation, const mvcc::KeyValueHash& hash);

}  // namespace utl
