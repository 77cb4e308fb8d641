#pragma once

#include <cstdint>
#include <initializer_list>
#include <map>
#include <string>
#include <string_view>

namespace sim {

// How often things have happened, by name; also of those that have not, once they were named.
class Tally {
 public:
  // With these names, of which nothing has happened.
  Tally(std::initializer_list<std::string_view> names = {}) {
    for (const std::string_view name : names) Add(name, 0);
  }
  void Add(std::string_view name, uint64_t count = 1) {
    auto found = counts_.find(name);
    if (found == counts_.end()) found = counts_.emplace(name, 0).first;
    found->second += count;
  }
  void Add(const Tally& other) {
    for (const auto& [name, count] : other.counts_) Add(name, count);
  }
  // 0 of what was never named.
  uint64_t Of(std::string_view name) const {
    const auto found = counts_.find(name);
    return found == counts_.end() ? 0 : found->second;
  }
  const std::map<std::string, uint64_t, std::less<>>& counts() const { return counts_; }

 private:
  std::map<std::string, uint64_t, std::less<>> counts_;
};

}  // namespace sim
