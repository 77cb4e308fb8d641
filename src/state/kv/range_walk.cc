#include "state/kv/range_walk.h"

#include <optional>

#include "state/kv/stored_pair.h"

namespace kv {

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

}  // namespace kv
