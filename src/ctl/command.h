#pragma once

#include "cli/command.h"

namespace ctl {

using cli::Command;
using cli::Failed;
using cli::Flags;
using cli::FlagSpec;
using cli::Invocation;
using cli::kExitBadArguments;
using cli::kExitBadConnection;
using cli::kExitBadFeature;
using cli::kExitError;
using cli::kExitInterrupted;
using cli::kExitInvalidInput;
using cli::kExitSuccess;
using cli::Outcome;
using cli::Print;
using cli::PrintCause;
using cli::ReadAll;

// The tree below "etcdctl", built once. What the environment sets is added to the flags of a
// command when its client is made.
const Command& RootCommand();

}  // namespace ctl
