#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "proto/rpc.pb.h"
#include "state/kv/answer_room.h"
#include "state/kv/write.h"
#include "storage/mvcc/key_range.h"
#include "storage/mvcc/read_pin.h"
#include "storage/mvcc/write_txn.h"

// What write requests consist of, whether they stand alone or within a TxnRequest.

namespace kv {

// Why a request must not be carried out; OK if it may. It follows from the request and the state.
struct Verdict {
  base::Status refusal = {};
};

// Of `request` on the state that `pin` sees. Fails if a record cannot be read.
base::Result<Verdict> CheckPut(const Lessor& lessor, const mvcc::ReadPin& pin,
                               const etcdserverpb::PutRequest& request);
// The same for a range within a transaction: kFutureRevision or kCompacted.
Verdict CheckRangeInTxn(const mvcc::Store& store, const mvcc::ReadPin& pin,
                        const etcdserverpb::RangeRequest& request);

// Each appends its response's body to `*body`, without header; what has no room is left out.
base::Status ExecutePut(const WriteContext& context, mvcc::WriteTxn& txn,
                        const etcdserverpb::PutRequest& request, AnswerRoom* room,
                        base::Bytes* body);
base::Status ExecuteDeleteRange(const WriteContext& context, mvcc::WriteTxn& txn,
                                const etcdserverpb::DeleteRangeRequest& request, AnswerRoom* room,
                                base::Bytes* body);
// Deletes a range, whose keys are with no lease any more. Returns how many there were.
base::Result<size_t> DeleteAndDetach(const WriteContext& context, mvcc::WriteTxn& txn,
                                     const mvcc::KeyRange& range);
// For a request of that context.
AnswerRoom RoomOf(const WriteContext& context);

}  // namespace kv
