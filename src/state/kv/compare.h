#pragma once

#include <optional>

#include "base/result.h"
#include "proto/rpc.pb.h"
#include "state/kv/range_walk.h"
#include "storage/mvcc/read_pin.h"

namespace kv {

// The comparisons of a transaction, made in steps that are short however long their ranges are.
// A comparison of a range holds if it does for each key in it. What does not exist compares as all
// zero, except that no comparison with its value holds.
class CompareRead {
 public:
  using Compares = google::protobuf::RepeatedPtrField<etcdserverpb::Compare>;

  // Of what `pin` sees. Both outlive this.
  CompareRead(const mvcc::ReadPin* pin, const Compares* compares)
      : pin_(pin), compares_(compares) {}

  // Does a part of the work; true when all is done. kDataLoss or kCompacted, as RangeRead.
  base::Result<bool> Step();
  // Once it is done: whether all hold.
  bool holds() const { return holds_; }

 private:
  // Goes on with a comparison; how many keys were looked at.
  base::Result<size_t> Visit(const etcdserverpb::Compare& compare, size_t keys_max);

  const mvcc::ReadPin* pin_;
  const Compares* compares_;
  int next_ = 0;
  std::optional<RangeWalk> walk_;  // of compares_[next_], if it was begun
  bool any_exists_ = false;        // of its keys
  bool holds_ = true;
};

// The same in one go.
base::Result<bool> AllHold(const mvcc::ReadPin& pin, const CompareRead::Compares& compares);

}  // namespace kv
