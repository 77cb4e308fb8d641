#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/result.h"
#include "storage/backend/backend.h"

namespace v2 {

// The store of the v2 API as etcd 2.3 to 3.5 has it in the JSON of its `.snap` files, as records of
// ours:
//
//   {"Root":NODE,"CurrentIndex":N,..}
//   NODE  {"Path","CreatedIndex","ModifiedIndex","ExpireTime","Value","Children":{NAME:NODE} |
//   null}
//
// What is below /0, the cluster's own, is left out; as are the last events, so that a watch from an
// index before N is told that they are gone. kDataLoss for text that is no such store; the batch is
// to be dropped then.
base::Status PutEtcdTree(std::string_view json, backend::Batch* batch);
// A tree with nothing in it, before anything has happened.
void PutEmptyTree(backend::Batch* batch);

// "2026-11-28T21:48:46.560831356Z", or with an offset of the time zone, in nanoseconds since 1970.
// 0 for what was before that; nothing for what is no such text.
std::optional<int64_t> ParseExpireTime(std::string_view text);

}  // namespace v2
