#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "api/watch/watcher.h"

namespace watch {

class Group;

// All watchers of a group that wish for the same: they are told the same bytes.
struct Interest {
  std::shared_ptr<const Wish> wish;
  Group* group = nullptr;
  std::vector<Watcher*> watchers;
  // Where the events of batch `batch` are gathered for it.
  uint64_t batch = 0;
  size_t part = 0;

  // Of the index of points.
  uint64_t hash = 0;               // of the key
  std::unique_ptr<Interest> next;  // in its bucket

  // Of the tree of ranges.
  std::unique_ptr<Interest> left;
  std::unique_ptr<Interest> right;
  const Wish* furthest = nullptr;  // what ends last in this subtree
  uint64_t priority = 0;
};

}  // namespace watch
