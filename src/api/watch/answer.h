#pragma once

#include <cstddef>
#include <cstdint>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/shared_bytes.h"
#include "state/kv/response_header.h"

// The bytes of WatchResponse and mvccpb.Event.

namespace watch {

// Append a field `events` of WatchResponse. `key_value` and `previous` are encoded KeyValues;
// `previous` may be empty.
void AppendPut(base::ByteView key_value, base::ByteView previous, base::Bytes* events);
void AppendDelete(base::ByteView key, int64_t revision, base::ByteView previous,
                  base::Bytes* events);

// A gRPC frame with the answer that tells watch `id` of `events`, which were appended as above.
base::SharedBytes EncodeEvents(const kv::ResponseHeader& header, int64_t id, base::ByteView events);

// Whether that answer is to be split, as etcd has it: it has `limit` bytes and more than one event.
bool IsLong(const kv::ResponseHeader& header, int64_t id, base::ByteView events, size_t limit);
// The frames of the answer in pieces below `limit` bytes each, or of one event; all but the last
// say that there is more.
base::SharedBytes EncodeFragments(const kv::ResponseHeader& header, int64_t id,
                                  base::ByteView events, size_t limit);

}  // namespace watch
