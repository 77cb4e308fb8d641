#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace auth {

// Values by name; they do not change once they are in. Copies are cheap, and share all that neither
// has changed since: so one can be shown to other threads after each change.
template <typename Value>
class SharedMap {
 private:
  using Shard = std::map<std::string, std::shared_ptr<const Value>, std::less<>>;

  // A change copies one of them.
  static constexpr size_t kShards = 64;

 public:
  using Pointer = std::shared_ptr<const Value>;
  // What a map was at some time; small, whatever it had. A default one is of no map.
  using Marks = std::array<std::weak_ptr<const Shard>, kShards>;

  SharedMap() { shards_.fill(std::make_shared<const Shard>()); }

  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

  // Null if there is none. Valid until the name is set or erased here.
  const Pointer& Find(std::string_view name) const {
    static const Pointer kNone;
    const Shard& shard = *shards_[ShardOf(name)];
    const auto at = shard.find(name);
    return at == shard.end() ? kNone : at->second;
  }

  Marks marks() const {
    Marks marks;
    std::copy(shards_.begin(), shards_.end(), marks.begin());
    return marks;
  }
  // True if the name has the value that it had in the map of the marks. If it has, this may be
  // false all the same.
  bool IsAsAt(const Marks& marks, std::string_view name) const {
    const size_t shard = ShardOf(name);
    return !marks[shard].owner_before(shards_[shard]) && !shards_[shard].owner_before(marks[shard]);
  }

  void Set(std::string_view name, Pointer value) {
    std::shared_ptr<const Shard>& shard = shards_[ShardOf(name)];
    auto changed = std::make_shared<Shard>(*shard);
    if (changed->insert_or_assign(std::string(name), std::move(value)).second) ++size_;
    shard = std::move(changed);
  }

  // The name is there.
  void Erase(std::string_view name) {
    std::shared_ptr<const Shard>& shard = shards_[ShardOf(name)];
    auto changed = std::make_shared<Shard>(*shard);
    changed->erase(changed->find(name));
    --size_;
    shard = std::move(changed);
  }

  // Ascending.
  std::vector<std::string> Names() const {
    std::vector<std::string> names;
    names.reserve(size_);
    for (const auto& shard : shards_) {
      for (const auto& [name, value] : *shard) names.push_back(name);
    }
    std::sort(names.begin(), names.end());
    return names;
  }

 private:
  static size_t ShardOf(std::string_view name) {
    return std::hash<std::string_view>()(name) % kShards;
  }

  std::array<std::shared_ptr<const Shard>, kShards> shards_;
  size_t size_ = 0;
};

}  // namespace auth
