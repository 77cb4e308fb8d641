#pragma once

#include "base/bytes.h"
#include "base/result.h"

namespace rpc {

// The "gzip" message encoding (RFC 1952), whole messages at once.
base::Bytes GzipCompress(base::ByteView bytes);
// Fails with kResourceExhausted as soon as the result would exceed `max_bytes`, and with kInternal
// on anything that is not one gzip member; both with grpc-go's texts.
base::Result<base::Bytes> GzipDecompress(base::ByteView bytes, size_t max_bytes);

}  // namespace rpc
