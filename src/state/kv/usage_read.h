#pragma once

#include <cstddef>
#include <memory>
#include <optional>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/result.h"
#include "proto/usage.pb.h"
#include "state/kv/prefix_range.h"
#include "state/kv/range_walk.h"
#include "state/kv/usage_groups.h"
#include "storage/mvcc/read_pin.h"
#include "storage/mvcc/reads.h"

namespace kv {

// What is wrong with it: kInvalidArgument.
base::Status Check(const usagepb::UsageRequest& request);

// A UsageRequest being answered, from one revision of the store, in steps that are short however
// many keys there are. On the thread of the reads, before which it ends.
class UsageRead {
 public:
  // `request` was checked.
  UsageRead(mvcc::Reads* reads, const usagepb::UsageRequest& request);

  // Pins the current revision, or after a Release again the one that is read. kCompacted.
  base::Status Pin();
  // While it is pinned, and before the first step: whether there is more to read than one step
  // takes. Costs a look-up.
  bool TakesSteps() const;
  // While it is pinned: does a part of the work, as RangeRead::Step does; true when all is done.
  // kDataLoss, kCompacted.
  base::Result<bool> Step();
  // Before all is done: lets go of the revision. What was counted is kept.
  void Release();

  const PrefixRange& range() const { return range_; }
  // Once it was pinned.
  base::Revision revision() const { return revision_; }
  // What is kept of the groups.
  size_t held_bytes() const { return groups_.held_bytes(); }
  // Once all is done, and once: the answer but for its header.
  void TakeGroups(usagepb::UsageResponse* response);

 private:
  mvcc::KeyRange Rest() const;
  // Counts some keys; adds the bytes that were read for that.
  base::Status TakeSlice(size_t* bytes);

  mvcc::Reads& reads_;
  const PrefixRange range_;
  UsageGroups groups_;
  base::Revision revision_;
  std::unique_ptr<mvcc::ReadPin> pin_;
  std::optional<RangeWalk> walk_;  // while it is pinned
  base::Bytes resume_;             // where that began; empty: with the range
};

}  // namespace kv
