#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "proto/rpc.pb.h"
#include "state/kv/write.h"
#include "storage/mvcc/read_pin.h"
#include "storage/mvcc/write_txn.h"

// The steps of one write transaction, whether it is a request of its own or part of a TxnRequest.

namespace kv {

// Why `request` cannot be carried out on the state that `pin` sees.
base::Status CheckPut(const Lessor& lessor, const mvcc::ReadPin& pin,
                      const etcdserverpb::PutRequest& request);

// Each appends its response's body to `*body`, without header.
base::Status ExecutePut(const WriteContext& context, mvcc::WriteTxn& txn,
                        const etcdserverpb::PutRequest& request, base::Bytes* body);
base::Status ExecuteDeleteRange(const WriteContext& context, mvcc::WriteTxn& txn,
                                const etcdserverpb::DeleteRangeRequest& request, base::Bytes* body);

}  // namespace kv
