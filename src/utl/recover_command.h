#pragma once

#include "cli/command.h"

namespace utl {

// etcdutl recover: what the members that are left of a cluster have, and a new cluster that begins
// with it.
cli::Command RecoverCommand();

}  // namespace utl
