#include "storage/backend/lmdb_value.h"

#include <lmdb.h>

namespace backend {

base::ByteView View(const MDB_val& value) {
  return {static_cast<const char*>(value.mv_data), value.mv_size};
}

MDB_val Value(base::ByteView bytes) {
  return {bytes.size(), const_cast<char*>(bytes.data())};
}

}  // namespace backend
