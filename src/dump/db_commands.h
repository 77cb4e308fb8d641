#pragma once

#include "cli/command.h"

namespace dump {

// Of a member's database, ours or etcd's, that no member runs on, or of a snapshot. Errors are told
// as Go's package log does.

cli::Outcome RunListBucket(const cli::Invocation& invocation);
cli::Outcome RunIterateBucket(const cli::Invocation& invocation);
// Goes through all pages, whatever leads to them: also of a damaged file, and what was deleted.
cli::Outcome RunScanKeys(const cli::Invocation& invocation);
cli::Outcome RunHash(const cli::Invocation& invocation);

}  // namespace dump
