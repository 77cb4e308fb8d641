#pragma once

#include <cstddef>

#include "base/ids.h"
#include "base/result.h"
#include "storage/mvcc/read_pin.h"
#include "storage/mvcc/revision.h"

namespace mvcc {

class Reads;

// The changes of a store from a revision on, each once and in their order, read in bounded steps.
// Between two steps nothing of the store is held, so that a slow reader costs nothing; what a
// compaction takes meanwhile is missing, and said to be. The newest changes come from memory, where
// all readers share them, older ones from the database.
class ChangeReader {
 public:
  explicit ChangeReader(base::Revision from) : next_{from.value(), 0} {}

  // The revision whose changes come next, or go on: a request may have more changes than one step
  // takes.
  base::Revision next() const { return base::Revision(next_.main); }

  // Calls `visit` for the next changes, up to what is the current revision now, until `max` were
  // visited or it returns false, which leaves that change for the next step. What it sees is valid
  // during the call. Whether there are more; kCompacted if some that were not visited are gone.
  //
  // `reads` may be of another state in each step, as after a snapshot: it goes on in that.
  base::Result<bool> Step(Reads& reads, size_t max, const ReadPin::StepVisitor& visit);

 private:
  Revision next_;
};

}  // namespace mvcc
