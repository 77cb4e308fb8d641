#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "proto/rpc.pb.h"
#include "state/kv/compare.h"
#include "state/kv/range.h"
#include "storage/mvcc/read_pin.h"
#include "storage/mvcc/reads.h"

namespace kv {

// A transaction that only reads (IsReadOnly) being answered, all from the revision that was the
// current one at its start, in steps that are short. It keeps where the pairs are, and copies them
// once, when their size is known. On the thread of the reads; ends before they and the request do.
class ReadOnlyTxn {
 public:
  // `request` was checked.
  static base::Result<ReadOnlyTxn> Open(mvcc::Reads& reads,
                                        const etcdserverpb::TxnRequest& request);
  static base::Result<ReadOnlyTxn> Open(mvcc::Reads& reads,
                                        etcdserverpb::TxnRequest&& request) = delete;

  // Before the first step: whether one of its ranges takes more than one. Costs a look-up for each.
  bool TakesSteps() const;
  // Does a part of the work; true when all is done. kFutureRevision or kCompacted for a range at a
  // revision that cannot be read, and what RangeRead fails with.
  base::Result<bool> Step();

  // What is kept of the pairs so far, in bytes.
  size_t held_bytes() const;

  // Once it is done: the TxnResponse without its header, and the revision of that.
  size_t BodySize() const { return body_size_; }
  char* WriteBody(char* out) const;
  base::Revision revision() const { return pin_->revision(); }
  size_t range_count() const { return static_cast<size_t>(next_); }

 private:
  ReadOnlyTxn(mvcc::Reads* reads, std::unique_ptr<mvcc::ReadPin> pin,
              const etcdserverpb::TxnRequest& request);
  base::Status TakeBranch();
  base::Status OpenRange(const etcdserverpb::RangeRequest& request);
  // Whether the next operation's range was begun.
  bool IsOpen() const { return ranges_.size() > static_cast<size_t>(next_); }

  mvcc::Reads* reads_;
  std::unique_ptr<mvcc::ReadPin> pin_;
  const etcdserverpb::TxnRequest* request_;
  CompareRead compare_;
  // The branch that is taken; null while it is not known.
  const google::protobuf::RepeatedPtrField<etcdserverpb::RequestOp>* branch_ = nullptr;
  int next_ = 0;
  std::vector<RangeRead> ranges_;  // of its operations; the last may not be done
  size_t held_bytes_ = 0;          // by those that are done
  size_t body_size_ = 0;           // of those that are done
};

}  // namespace kv
