#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/result.h"
#include "proto/rpc.pb.h"
#include "state/kv/range_order.h"
#include "state/kv/range_walk.h"
#include "storage/mvcc/key_value.h"
#include "storage/mvcc/read_pin.h"
#include "storage/mvcc/reads.h"

namespace kv {

// A RangeRequest being answered, from one revision of the store, in steps that are short however
// long the range is. The answer is written from the stored bytes, without an object in between.
// On the thread of the reads, before which it ends; the request ends after the last step.
class RangeRead {
 public:
  // `request` was checked. kFutureRevision or kCompacted.
  static base::Result<RangeRead> Open(mvcc::Reads& reads,
                                      const etcdserverpb::RangeRequest& request);
  static base::Result<RangeRead> Open(mvcc::Reads& reads,
                                      etcdserverpb::RangeRequest&& request) = delete;
  // Reads what `pin` sees. `current` is the revision of the header, that of the store however old
  // the revision read.
  RangeRead(std::unique_ptr<mvcc::ReadPin> pin, base::Revision current,
            const etcdserverpb::RangeRequest& request);
  // The same with a pin that is lent and outlives the answer.
  RangeRead(const mvcc::ReadPin* pin, base::Revision current,
            const etcdserverpb::RangeRequest& request);

  // Before the first step: the count need not be that of the range if the limit cuts the answer.
  void LeaveOutCount() { counts_ = false; }
  // Before the first step: an answer that is longer is only measured, unless it has to be sorted;
  // its pairs are not kept, and it cannot be written. It is read again (RangeBody).
  void KeepAtMost(size_t pair_bytes) { keep_max_ = pair_bytes; }
  // Before the first step: whether there is more to read than one step takes. Costs a look-up.
  bool TakesSteps() const;
  // Does a part of the work, at most about a thousand keys or a megabyte; true when all is done.
  // kDataLoss if a record is damaged; kCompacted if the revision was compacted in a long read.
  base::Result<bool> Step();

  // What is kept of the pairs so far, in bytes: where they are, not they themselves.
  size_t held_bytes() const;

  // Once it is done: the RangeResponse without its header.
  size_t BodySize() const;
  char* WriteBody(char* out) const;
  base::Revision revision() const { return current_; }
  // That is read.
  base::Revision read_at() const { return pin_->revision(); }
  // Its own pin, once it is done. What was kept is borrowed from it.
  std::unique_ptr<mvcc::ReadPin> TakePin() { return std::move(owned_pin_); }
  // Whether the pairs are answered in the order of their keys: so that they can be read again one
  // after the other.
  bool IsInKeyOrder() const { return !sorter_.has_value(); }
  // Its parts.
  size_t size() const { return taken_; }
  size_t PairsSize() const { return pairs_bytes_; }
  char* WritePairs(char* out) const;
  bool more() const { return more_; }
  uint64_t count() const { return count_; }
  // The pairs of an answer that is in another order, once it is done.
  const std::vector<mvcc::KeyValue>& sorted_pairs() const { return parsed_; }
  // The parts alone: a pair as stored, and what follows the pairs.
  static size_t PairSize(base::ByteView pair);
  static char* WritePair(base::ByteView pair, char* out);
  // The same of a pair that is not answered as stored.
  static size_t PairSize(const mvcc::KeyValue& pair);
  static char* WritePair(const mvcc::KeyValue& pair, char* out);
  static size_t TailSize(bool more, uint64_t count);
  static char* WriteTail(bool more, uint64_t count, char* out);
  // Of the last pair; there is one.
  base::Result<base::ByteView> LastKey() const;

 private:
  // One after the other; counting is short unless the read is of an old revision.
  enum class Phase { kCollect, kSort, kCount };

  bool NeedsParsing() const;
  bool IsFromIndex() const;
  base::Status Collect();
  base::Status TakeSlice(size_t max);
  bool HasEnough() const;
  bool TakeSorted();
  void Cut();
  bool Count();
  // Of a pair that was visited: whether and where it belongs.
  void Consider(const mvcc::KeyValue& kv);
  void AddParsed(mvcc::KeyValue kv);
  // Counts a pair that is to be answered. Whether it is to be kept.
  bool Take(size_t encoded_bytes);

  const etcdserverpb::RangeRequest* request_;
  std::unique_ptr<mvcc::ReadPin> owned_pin_;
  const mvcc::ReadPin* pin_;
  base::Revision current_;
  bool counts_ = true;

  Phase phase_;
  RangeWalk walk_;
  uint64_t visited_ = 0;  // keys, whether they pass the filters or not
  size_t step_bytes_left_ = 0;
  std::optional<PairSorter> sorter_;
  std::optional<RangeCount> counting_;

  // The answer, in one of two forms: as stored, or parsed, since it is not answered as stored.
  // Borrowed from the pin.
  std::vector<base::ByteView> pairs_;
  std::vector<mvcc::KeyValue> parsed_;
  size_t keep_max_ = std::numeric_limits<size_t>::max();
  bool is_kept_ = true;     // all that was taken
  size_t taken_ = 0;        // pairs, until Cut also those beyond the limit
  size_t pairs_bytes_ = 0;  // encoded, with their tags; of those within the limit
  bool more_ = false;
  uint64_t count_ = 0;
};

}  // namespace kv
