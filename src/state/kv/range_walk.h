#pragma once

#include <cstdint>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "storage/mvcc/key_range.h"
#include "storage/mvcc/key_value.h"
#include "storage/mvcc/read_pin.h"

namespace kv {

// Goes through the keys of a range as a pin sees them, in ascending order, some at a time.
class RangeWalk {
 public:
  // Borrows `pin` and what `range` borrows. What is read is borrowed from the pin.
  RangeWalk(const mvcc::ReadPin* pin, const mvcc::KeyRange& range) : pin_(pin), range_(range) {}

  // Each appends the next keys, `max` of them or up to the end. kDataLoss; or kCompacted, if the
  // pin is of age and its revision is gone.
  base::Status Next(size_t max, std::vector<base::ByteView>* pairs);
  // Without values and leases, which costs far less.
  base::Status NextKeys(size_t max, std::vector<mvcc::KeyValue>* keys);

  // Whether the end was reached.
  bool done() const { return done_; }
  // The least key that was not read yet, if it was not.
  const base::Bytes& resume() const { return resume_; }

 private:
  mvcc::KeyRange Rest() const;
  void Continue(bool more, base::ByteView last_key);

  const mvcc::ReadPin* pin_;
  mvcc::KeyRange range_;
  base::Bytes resume_;  // the least key that was not read yet; empty before the first
  bool done_ = false;
};

// Counts the keys of a range as a pin sees them, in steps.
class RangeCount {
 public:
  // Borrows as RangeWalk.
  RangeCount(const mvcc::ReadPin* pin, const mvcc::KeyRange& range) : pin_(pin), range_(range) {}

  // Does a part, of about a millisecond at most; true when all is counted.
  bool Step();
  uint64_t count() const { return count_; }

 private:
  const mvcc::ReadPin* pin_;
  mvcc::KeyRange range_;
  base::Bytes resume_;  // where what was not counted yet begins; empty before the first step
  uint64_t count_ = 0;
};

}  // namespace kv
