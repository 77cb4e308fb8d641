#pragma once

#include "base/status.h"
#include "storage/backend/backend.h"

namespace backend {

// What the client of a read is told of its failure, which may name paths and records. Damage is
// reported to the owner of the database: kUnavailable if it is about to make it good, else
// kCorrupt.
base::Status ReadFailure(Backend& database, const base::Status& failure);

}  // namespace backend
