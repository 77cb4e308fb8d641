#include "state/kv/compare.h"

#include <vector>

#include "storage/mvcc/key_value.h"

namespace kv {
namespace {

using etcdserverpb::Compare;

constexpr size_t kSliceKeys = 256;

int Order(int64_t a, int64_t b) {
  return a < b ? -1 : a > b;
}

// The union's value, zero if another one is set.
int OrderOf(const Compare& compare, const mvcc::KeyValue& kv) {
  switch (compare.target()) {
    case Compare::VALUE:
      return kv.value.compare(compare.value());
    case Compare::CREATE:
      return Order(kv.create_revision, compare.create_revision());
    case Compare::MOD:
      return Order(kv.mod_revision, compare.mod_revision());
    case Compare::VERSION:
      return Order(kv.version, compare.version());
    case Compare::LEASE:
      return Order(kv.lease.value(), compare.lease());
    default:
      return 0;
  }
}

bool Holds(const Compare& compare, const mvcc::KeyValue& kv) {
  const int order = OrderOf(compare, kv);
  switch (compare.result()) {
    case Compare::EQUAL:
      return order == 0;
    case Compare::NOT_EQUAL:
      return order != 0;
    case Compare::GREATER:
      return order > 0;
    case Compare::LESS:
      return order < 0;
    default:
      return true;
  }
}

base::Result<bool> HoldsForRange(const mvcc::ReadPin& pin, const Compare& compare) {
  mvcc::KeyRange range = mvcc::KeyRange::Of(compare.key(), compare.range_end());
  bool found = false;
  base::Bytes next;
  std::vector<base::ByteView> slice;
  for (bool more = true; more;) {
    slice.clear();
    ASSIGN_OR_RETURN(more, pin.Slice(range, kSliceKeys, &slice));
    for (const base::ByteView encoded : slice) {
      const std::optional<mvcc::KeyValue> kv = mvcc::ParseKeyValue(encoded);
      if (!kv.has_value()) {
        return base::Status(base::Code::kDataLoss, "a pair cannot be decoded");
      }
      found = true;
      if (!Holds(compare, *kv)) return false;
      next = base::Bytes(kv->key) + '\0';
    }
    if (slice.empty()) break;
    range.begin = next;
  }
  if (found) return true;
  return compare.target() != Compare::VALUE && Holds(compare, {});
}

}  // namespace

base::Result<bool> AllHold(const mvcc::ReadPin& pin,
                           const google::protobuf::RepeatedPtrField<Compare>& compares) {
  for (const Compare& compare : compares) {
    ASSIGN_OR_RETURN(const bool holds, HoldsForRange(pin, compare));
    if (!holds) return false;
  }
  return true;
}

}  // namespace kv
