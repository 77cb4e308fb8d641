#pragma once

#include "base/result.h"
#include "storage/backend/backend.h"
#include "storage/snap/source.h"

namespace image {

// Commits everything that `source` has to `database`, which has no records yet, in its order and in
// batches of some megabytes: so much is in memory, or the largest record. After an error any part
// may be there.
//
// kFailedPrecondition, naming it, for content that this version cannot serve: users, roles, leases,
// authentication that is enabled, a bucket that is not of the schema. What the records of a bucket
// mean is checked by those who read it: apply::State::Open.
base::Status ImportDatabase(snap::Source& source, backend::Backend& database);

}  // namespace image
