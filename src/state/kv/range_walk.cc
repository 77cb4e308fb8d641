#include "state/kv/range_walk.h"

#include <optional>
#include <utility>

#include "state/kv/stored_pair.h"

namespace kv {
namespace {

// Counted in one step.
constexpr int kCountSlices = 32;

}  // namespace

mvcc::KeyRange RangeWalk::Rest() const {
  mvcc::KeyRange rest = range_;
  if (!resume_.empty()) rest.begin = resume_;
  return rest;
}

void RangeWalk::Continue(bool more, base::ByteView last_key) {
  done_ = !more;
  if (more) resume_.assign(last_key).push_back('\0');
}

base::Status RangeWalk::Next(size_t max, std::vector<base::ByteView>* pairs) {
  if (range_.one_key) {
    ASSIGN_OR_RETURN(const std::optional<base::ByteView> pair, pin_->Get(range_.begin));
    if (pair.has_value()) pairs->push_back(*pair);
    done_ = true;
    return {};
  }
  ASSIGN_OR_RETURN(const bool more, pin_->Slice(Rest(), max, pairs));
  base::ByteView last_key;
  if (more) {
    ASSIGN_OR_RETURN(const mvcc::KeyValue last, ParsePair(pairs->back()));
    last_key = last.key;
  }
  Continue(more, last_key);
  return {};
}

base::Status RangeWalk::NextKeys(size_t max, std::vector<mvcc::KeyValue>* keys) {
  ASSIGN_OR_RETURN(const bool more, pin_->SliceKeys(Rest(), max, keys));
  Continue(more, more ? keys->back().key : base::ByteView());
  return {};
}

bool RangeCount::Step() {
  for (int slice = 0; slice < kCountSlices; ++slice) {
    mvcc::KeyRange rest = range_;
    if (!resume_.empty()) rest.begin = resume_;
    std::optional<base::Bytes> paused = pin_->CountSlice(rest, &count_);
    if (!paused.has_value()) return true;
    resume_ = *std::move(paused);
  }
  return false;
}

}  // namespace kv
