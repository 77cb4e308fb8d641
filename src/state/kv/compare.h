#pragma once

#include "base/result.h"
#include "proto/rpc.pb.h"
#include "storage/mvcc/read_pin.h"

namespace kv {

// Whether all of `compares` hold for what `pin` sees. A comparison of a range holds if it does for
// each key in it. What does not exist compares as all zero, except that no comparison with its
// value holds.
base::Result<bool> AllHold(
    const mvcc::ReadPin& pin,
    const google::protobuf::RepeatedPtrField<etcdserverpb::Compare>& compares);

}  // namespace kv
