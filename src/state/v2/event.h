#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "state/v2/node.h"

namespace v2 {

enum class Action : uint8_t {
  kGet,
  kSet,
  kUpdate,
  kCreate,
  kCompareAndSwap,
  kDelete,
  kCompareAndDelete,
  kExpire,
};
inline constexpr Action kActionLast = Action::kExpire;

// As clients see it: "compareAndSwap".
const char* NameOf(Action action);

// What has happened to one node; it does not change.
struct Event {
  Action action = Action::kGet;
  bool refresh = false;  // nobody is told
  uint64_t index = 0;
  int64_t time = 0;  // nanoseconds since 1970: what is left of times to live is counted from here
  std::string key;   // from the root of the tree
  // Directories without what is in them.
  NodeRef node = {};  // after it; null if it is gone
  NodeRef prev = {};  // before it; null if it was not there

  // Of the two the one that is there.
  const Node& subject() const { return node ? *node : *prev; }
  bool removes() const { return !node; }
  size_t bytes() const;
};

// For those who watch.
struct Happening {
  std::shared_ptr<const Event> event;
  // A directory that is gone, with all that was in it; or null.
  NodeRef removed = {};
};

// All that has happened after one index up to another one. What has no event is not there.
struct Happenings {
  uint64_t after = 0;
  uint64_t index = 0;
  std::vector<Happening> happenings = {};
};

}  // namespace v2
