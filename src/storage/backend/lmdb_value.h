#pragma once

#include "base/bytes.h"

struct MDB_val;

namespace backend {

// Bytes as LMDB has them; both borrow.
base::ByteView View(const MDB_val& value);
MDB_val Value(base::ByteView bytes);

}  // namespace backend
