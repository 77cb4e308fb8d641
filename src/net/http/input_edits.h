#pragma once

#include <cstddef>
#include <deque>

#include "base/bytes.h"

namespace http {

// How input is to be read: ranges of it are passed over, and other bytes read in their place.
class InputEdits {
 public:
  // From `begin` to `end` of the input that is left, in order: not before the end of the range
  // before. Requires begin < end.
  void Replace(size_t begin, size_t end, base::Bytes instead = {});
  bool empty() const { return edits_.empty(); }

  // What is to be read next, of `input`, which is all that is left. May be empty: then Pass it.
  base::ByteView Next(base::ByteView input) const;
  // So many bytes of Next(*input) have been read.
  void Pass(base::ByteView* input, size_t count);

 private:
  struct Edit {
    size_t begin;
    size_t end;
    base::Bytes instead;
    size_t read = 0;  // of `instead`
  };

  void Drop(base::ByteView* input, size_t count);

  std::deque<Edit> edits_;
};

}  // namespace http
