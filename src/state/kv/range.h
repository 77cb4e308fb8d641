#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/result.h"
#include "proto/rpc.pb.h"
#include "storage/mvcc/read_pin.h"
#include "storage/mvcc/store.h"

namespace kv {

// A RangeRequest being answered, from one revision of the store, in steps that are short however
// long the range is. The answer is written from the stored bytes, without an object in between.
// One thread at a time; ends before the store does.
class RangeRead {
 public:
  // `request` was checked. kFutureRevision or kCompacted.
  static base::Result<RangeRead> Open(mvcc::Store& store,
                                      const etcdserverpb::RangeRequest& request);
  // Reads what `pin` sees. `current` is the revision of the header, that of the store however old
  // the revision read.
  RangeRead(std::unique_ptr<mvcc::ReadPin> pin, base::Revision current,
            const etcdserverpb::RangeRequest& request);

  // Does a part of the work; true when all is done.
  base::Result<bool> Step();

  // Once it is done: the RangeResponse without its header.
  size_t BodySize() const;
  char* WriteBody(char* out) const;
  base::Revision revision() const { return current_; }
  const std::vector<base::ByteView>& key_values() const { return key_values_; }
  bool more() const { return more_; }
  uint64_t count() const { return count_; }

 private:
  bool NeedsAll() const;
  base::Result<bool> Collect();
  base::Status Finish();
  base::Status Filter();
  void Sort();
  void DropValues();

  etcdserverpb::RangeRequest request_;
  std::unique_ptr<mvcc::ReadPin> pin_;
  base::Revision current_;

  std::vector<base::ByteView> key_values_;  // borrowed from the pin, or from rewritten_
  std::deque<base::Bytes> rewritten_;
  base::Bytes next_key_;  // where the next part begins, if any was collected
  bool more_ = false;
  uint64_t count_ = 0;
};

}  // namespace kv
