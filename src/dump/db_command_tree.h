#pragma once

#include "cli/command.h"

namespace dump {

// The tree below "etcd-dump-db", built once.
const cli::Command& DbCommand();

}  // namespace dump
