#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/result.h"
#include "storage/mvcc/reads.h"

namespace kv {

// The keys of a lock or an election are a queue: those below "NAME/", in the order in which they
// were created. This looks for one of them, in steps that are short however long the queue is, from
// the index alone. Each step looks at the state as it is then, so that nothing is held between two.
//
// What is found was there when its step looked. If nothing is found, there was nothing at the end
// that had been there at began().
class QueueScan {
 public:
  // The first of all, if `before` is 0; or the last that was created before that revision.
  QueueScan(std::string name, base::Revision before)
      : prefix_(std::move(name) + "/"), end_(EndOf(prefix_)), before_(before) {}

  // What follows the keys of a queue: `prefix` is "NAME/".
  static std::string EndOf(std::string prefix);

  // True when all was looked at. kDataLoss if a record is damaged.
  base::Result<bool> Step(mvcc::Reads& reads);

  // Once it is done. The revision that the first step looked at:
  base::Revision began() const { return began_; }
  bool has_found() const { return found_ != 0; }
  const std::string& key() const { return key_; }
  int64_t create_revision() const { return found_; }

 private:
  bool IsBetter(int64_t create_revision) const;

  const std::string prefix_;
  const std::string end_;
  const base::Revision before_;
  std::string resume_;  // the least key that was not looked at; empty before the first step
  base::Revision began_;
  std::string key_;
  int64_t found_ = 0;  // when the best so far was created
};

// A place in a queue, looked at.
struct QueuePlace {
  base::Revision at;                // when
  std::optional<base::Bytes> pair;  // the encoded KeyValue of its key, if the place is there
};
// The place whose key was created at `create_revision`, as it is now. kDataLoss.
base::Result<QueuePlace> ReadPlace(mvcc::Reads& reads, const std::string& key,
                                   int64_t create_revision);

}  // namespace kv
