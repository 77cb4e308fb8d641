#include "state/kv/compare.h"

#include <algorithm>
#include <vector>

#include "state/kv/stored_pair.h"
#include "storage/mvcc/key_value.h"

namespace kv {
namespace {

using etcdserverpb::Compare;

// What a step may do. A slice is short, since large values are checked as they are read.
constexpr size_t kStepKeys = 1024;
constexpr size_t kSliceKeys = 64;

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

}  // namespace

base::Result<size_t> CompareRead::Visit(const Compare& compare, size_t keys_max) {
  std::vector<base::ByteView> pairs;
  RETURN_IF_ERROR(walk_->Next(keys_max, &pairs));
  any_exists_ = any_exists_ || !pairs.empty();
  for (const base::ByteView encoded : pairs) {
    ASSIGN_OR_RETURN(const mvcc::KeyValue kv, ParsePair(encoded));
    holds_ = holds_ && Holds(compare, kv);
  }
  return pairs.size();
}

base::Result<bool> CompareRead::Step() {
  for (size_t keys_left = kStepKeys; next_ < compares_->size() && holds_;) {
    if (keys_left == 0) return false;
    const Compare& compare = compares_->Get(next_);
    if (!walk_.has_value()) {
      walk_.emplace(pin_, mvcc::KeyRange::Of(compare.key(), compare.range_end()));
      any_exists_ = false;
    }
    ASSIGN_OR_RETURN(const size_t visited, Visit(compare, std::min(keys_left, kSliceKeys)));
    keys_left -= visited;
    if (!walk_->done()) continue;
    if (!any_exists_) holds_ = compare.target() != Compare::VALUE && Holds(compare, {});
    walk_.reset();
    ++next_;
  }
  return true;
}

base::Result<bool> AllHold(const mvcc::ReadPin& pin, const CompareRead::Compares& compares) {
  CompareRead read(&pin, &compares);
  for (bool done = false; !done;) {
    ASSIGN_OR_RETURN(done, read.Step());
  }
  return read.holds();
}

}  // namespace kv
