#include "net/http/input_edits.h"

#include <utility>

#include "base/check.h"

namespace http {

void InputEdits::Replace(size_t begin, size_t end, base::Bytes instead) {
  CHECK_LT(begin, end);
  CHECK(edits_.empty() || edits_.back().end <= begin);
  edits_.push_back({begin, end, std::move(instead)});
}

base::ByteView InputEdits::Next(base::ByteView input) const {
  if (edits_.empty()) return input;
  const Edit& next = edits_.front();
  if (next.begin > 0) return input.substr(0, next.begin);
  return base::ByteView(next.instead).substr(next.read);
}

void InputEdits::Pass(base::ByteView* input, size_t count) {
  if (edits_.empty() || edits_.front().begin > 0) {
    Drop(input, count);
  } else {
    edits_.front().read += count;
  }
  // What follows on that is only passed over takes no call of its own.
  while (!edits_.empty() && edits_.front().begin == 0 &&
         edits_.front().read == edits_.front().instead.size()) {
    const size_t size = edits_.front().end;
    edits_.pop_front();
    Drop(input, size);
  }
}

void InputEdits::Drop(base::ByteView* input, size_t count) {
  input->remove_prefix(count);
  for (Edit& edit : edits_) {
    edit.begin -= count;
    edit.end -= count;
  }
}

}  // namespace http
