#include "state/v2/event.h"

#include <array>

namespace v2 {

const char* NameOf(Action action) {
  static constexpr std::array<const char*, static_cast<size_t>(kActionLast) + 1> kNames = {
      "get", "set", "update", "create", "compareAndSwap", "delete", "compareAndDelete", "expire"};
  return kNames[static_cast<size_t>(action)];
}

size_t Event::bytes() const {
  const auto of = [](const NodeRef& one) {
    return one ? sizeof(Node) + one->name().size() + one->value().size() : 0;
  };
  return sizeof(Event) + key.size() + of(node) + of(prev);
}

}  // namespace v2
