#pragma once

#include <cstdint>
#include <vector>

#include "base/ids.h"
#include "base/status.h"

namespace dump {

// Which of a log's entries behind `start` count: those that no later one replaces, by the places of
// all its entries in the log. They follow one another by their indexes. Memory: what a few numbers
// take for each place where entries were replaced.
class LiveEntries {
 public:
  explicit LiveEntries(base::Index start) : start_(start.value()) {}

  // The next entry of the log. False if there is a gap before it; then it is left out.
  bool Add(base::Index index);

  uint64_t count() const { return count_; }
  // How many entries were added, of all kinds.
  uint64_t places() const { return places_; }

  // Whether the entry at that place counts. Asked for places in order.
  bool Has(uint64_t place);

 private:
  // Entries that follow one another, by place and by index.
  struct Run {
    uint64_t first_place;
    uint64_t first_index;
    uint64_t count;
  };

  const uint64_t start_;
  uint64_t places_ = 0;
  uint64_t count_ = 0;
  std::vector<Run> runs_;
  size_t asked_ = 0;  // the run that was asked for last
};

}  // namespace dump
