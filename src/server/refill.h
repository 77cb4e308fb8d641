#pragma once

#include "base/result.h"
#include "base/status.h"
#include "server/data_directory.h"
#include "server/environment.h"
#include "server/options.h"

// A member whose database is damaged, gone, or older than its log's beginning, while its log is
// whole. The log has all that it has
// promised: terms, votes and acknowledged entries. So it takes part again, and gets the state from
// the others:
//
//   log from its first entry   it applies all of it again
//   log from a later mark      it waits for a snapshot (raft::Node::AwaitSnapshot), and answers no
//                              client until that is installed
//
// Not a member alone, whose database nobody else has, nor one without Options::refill.

namespace server {

// Where a damaged database is kept; an older one that lies there is replaced.
std::string BrokenDatabasePath(const Options& options);

// Renames the database, if there is one; who has it open goes on reading it. Durable on return.
base::Status PutDatabaseAside(const Options& options, const Environment& environment);

// Whether a member with these options may be refilled at all.
bool MayRefill(const Options& options, const Environment& environment);

// Opens the whole log of a member, puts its damaged database aside, if there is one, and an empty
// one in its place. `recovered` alone may have it open. `damage` says why it cannot be gone on
// from; OK: it is empty. The member's configuration is that of the newest entry known to be
// committed.
//
// False if an empty database is not to be refilled: as it is right to be empty, since the log
// begins with its first entry, or for the reasons above. For these, `damage`; if the log is not
// whole, with what is wrong there.
base::Result<bool> OpenToRefill(const Options& options, const Environment& environment,
                                const base::Status& damage, Recovered* recovered);

}  // namespace server
