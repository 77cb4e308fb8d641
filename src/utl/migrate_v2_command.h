#pragma once

#include "cli/command.h"

namespace utl {

// Of the keys of the v2 API that an etcd has left behind a snapshot of v3.
cli::Command MigrateV2Command();

}  // namespace utl
