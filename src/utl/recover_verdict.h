#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "utl/survivor.h"

namespace utl {

// From which survivor a new cluster is to go on, and what is to be known of that.
//
// The most advanced one is raft's: the last entry's term, then its index. An election among the
// survivors could choose no other: it has every entry that one of them knows to be committed.
struct Verdict {
  std::optional<size_t> chosen;  // none if all of them are damaged
  std::vector<std::string> lines;
};

// Of members of one cluster, at least one.
Verdict Judge(const std::vector<Survivor>& survivors);

}  // namespace utl
