#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/status.h"

namespace sim {

// What clients know of the tree of the v2 API, index by index, from answers and from watches; and
// what they hold against each other. Values are written once each.
class TreeHistory {
 public:
  // An event in JSON, as all are told it.
  base::Status Add(const std::string& event);
  // Somebody was told that this value is not written.
  base::Status Refuse(const std::string& value);
  // A watch of everything from `from` on was told of `to` first: nothing is in between.
  base::Status Skip(uint64_t from, uint64_t to);
  // At `index` the key was there, as it is since `modified`.
  base::Status SeeKey(const std::string& key, std::string_view value, uint64_t modified,
                      uint64_t index) const;
  // At `index` it was not there.
  base::Status MissKey(const std::string& key, uint64_t index) const;

  // The text, or the number, of the first field of that name; empty, and 0, without one.
  static std::string FieldOf(std::string_view json, std::string_view name);
  static uint64_t NumberOf(std::string_view json, std::string_view name);

 private:
  struct Change {
    bool removes = false;
    std::string value;
  };

  std::map<uint64_t, std::string> events_;                     // by index
  std::map<std::string, std::map<uint64_t, Change>> changes_;  // by key
  std::map<std::string, uint64_t> values_;                     // where each was written
  std::set<std::string> refused_;
  std::vector<std::pair<uint64_t, uint64_t>> skipped_;  // from, and what follows it
};

}  // namespace sim
