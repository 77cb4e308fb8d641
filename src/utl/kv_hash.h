#pragma once

#include "base/ids.h"
#include "base/result.h"
#include "offline/files.h"
#include "storage/backend/backend.h"
#include "storage/mvcc/hasher.h"

namespace utl {

// HashKV of what `database` has at a revision, 0 being its current one: the error of a revision is
// a member's, without saying that it is one. Blocks.
base::Result<mvcc::KeyValueHash> HashOf(offline::Files& files, backend::Backend* database,
                                        base::Revision at);

}  // namespace utl
