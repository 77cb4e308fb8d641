#pragma once

#include "cli/command.h"

namespace utl {

// The tree below "etcdutl", built once.
const cli::Command& RootCommand();

}  // namespace utl
