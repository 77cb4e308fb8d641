#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "utl/survivor.h"

namespace utl::testing {

// A survivor of a cluster of so many voters, whose log begins with entry 1 and has ranges of one
// term up to an entry.
inline Survivor MakeSurvivor(uint64_t id, const std::vector<std::pair<uint64_t, uint64_t>>& ranges,
                             uint64_t members = 3) {
  Survivor survivor{.data_dir = "/d" + std::to_string(id),
                    .member = base::MemberId(id),
                    .cluster = base::ClusterId(0xc1)};
  for (const auto& [term, last] : ranges) {
    survivor.ranges.push_back({base::Term(term), base::Index(last)});
  }
  survivor.term = survivor.last().term;
  survivor.revision = 1;
  for (uint64_t each = 1; each <= members; ++each) {
    const std::string number = std::to_string(each);
    survivor.members.push_back({.id = base::MemberId(each),
                                .peer_urls = {"http://h" + number + ":2380"},
                                .name = "m" + number,
                                .client_urls = {"http://h" + number + ":2379"}});
  }
  return survivor;
}

}  // namespace utl::testing
