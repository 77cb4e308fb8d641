#pragma once

#include "base/status.h"

namespace backend {

// What a reader is refused with when all places are taken.
inline base::Status TooManyReaders() {
  return {base::Code::kResourceExhausted, "the database has too many readers"};
}

}  // namespace backend
