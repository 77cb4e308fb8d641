#pragma once

#include <memory>
#include <optional>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/result.h"
#include "proto/rpc.pb.h"
#include "state/kv/compare.h"
#include "state/kv/range.h"
#include "state/kv/txn_response.h"
#include "storage/mvcc/read_pin.h"
#include "storage/mvcc/reads.h"

namespace kv {

// A transaction that only reads (IsReadOnly) being answered, all from the revision that was the
// current one at its start, in steps that are short. On the thread of the reads; ends before
// they and the request do.
class ReadOnlyTxn {
 public:
  // `request` was checked.
  static base::Result<ReadOnlyTxn> Open(mvcc::Reads& reads,
                                        const etcdserverpb::TxnRequest& request);
  static base::Result<ReadOnlyTxn> Open(mvcc::Reads& reads,
                                        etcdserverpb::TxnRequest&& request) = delete;

  // Does a part of the work; true when all is done. kFutureRevision or kCompacted for a range at a
  // revision that cannot be read, and what RangeRead fails with.
  base::Result<bool> Step();

  // Once it is done: the TxnResponse without its header, and the revision of that.
  base::Bytes Body() const { return response_.Body(compare_.holds()); }
  base::Revision revision() const { return pin_->revision(); }
  size_t range_count() const { return static_cast<size_t>(next_); }

 private:
  ReadOnlyTxn(mvcc::Reads* reads, std::unique_ptr<mvcc::ReadPin> pin,
              const etcdserverpb::TxnRequest& request);
  base::Status TakeBranch();
  base::Status OpenRange(const etcdserverpb::RangeRequest& request);

  mvcc::Reads* reads_;
  std::unique_ptr<mvcc::ReadPin> pin_;
  const etcdserverpb::TxnRequest* request_;
  CompareRead compare_;
  // The branch that is taken; null while it is not known.
  const google::protobuf::RepeatedPtrField<etcdserverpb::RequestOp>* branch_ = nullptr;
  int next_ = 0;
  std::optional<RangeRead> range_;  // of the branch's next operation, if it was begun
  TxnResponse response_;
};

}  // namespace kv
