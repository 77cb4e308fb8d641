#pragma once

#include "base/bytes.h"

namespace backend {

inline constexpr size_t kDigestBytes = 32;

// Appends the SHA-256 of `data`.
void AppendDigest(base::ByteView data, base::Bytes* out);

}  // namespace backend
