#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "server/environment.h"
#include "server/log_metadata.h"
#include "server/options.h"
#include "state/members/member.h"

// The files of a member that does not start on them. Nobody has them open.

namespace server {

// Whose log it is, by whatever of it can be read; nothing if there is none, or nothing says it.
base::Result<std::optional<LogMetadata>> OwnerOf(runtime::Disk& disk, const Options& options);

// Who belongs to the cluster, as far as the member's database can be read; empty if it cannot.
std::vector<members::Member> MembersIn(const Options& options, const Environment& environment);

// Where PutFilesAside keeps what is replaced by `successor`: of the data directory, and of a log
// that lies elsewhere.
std::string AsidePath(const Options& options, base::MemberId successor);
std::string AsideLogPath(const Options& options, base::MemberId successor);

// Moves all that the member has below DATA_DIR/member, but for the lock of the directory, to
// AsidePath, and a log that lies elsewhere to AsideLogPath; the log first, so that no start finds
// it without what belongs to it. What was moved before stays there. Durable on return; after an
// error, or a crash, it is to be called again.
base::Status PutFilesAside(runtime::Disk& disk, const Options& options, base::MemberId successor);

}  // namespace server
