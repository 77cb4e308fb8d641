#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "proto/rpc.pb.h"
#include "state/kv/write.h"
#include "storage/mvcc/read_pin.h"
#include "storage/mvcc/write_txn.h"

// What write requests consist of, whether they stand alone or within a TxnRequest.

namespace kv {

// Why `request` cannot be carried out on the state that `pin` sees.
base::Status CheckPut(const Lessor& lessor, const mvcc::ReadPin& pin,
                      const etcdserverpb::PutRequest& request);
// The same for a range within a transaction: kFutureRevision or kCompacted.
base::Status CheckRangeInTxn(const mvcc::Store& store, const mvcc::ReadPin& pin,
                             const etcdserverpb::RangeRequest& request);

// Each appends its response's body to `*body`, without header.
base::Status ExecutePut(const WriteContext& context, mvcc::WriteTxn& txn,
                        const etcdserverpb::PutRequest& request, base::Bytes* body);
base::Status ExecuteDeleteRange(const WriteContext& context, mvcc::WriteTxn& txn,
                                const etcdserverpb::DeleteRangeRequest& request, base::Bytes* body);

}  // namespace kv
