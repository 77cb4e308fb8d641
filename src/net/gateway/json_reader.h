#pragma once

#include <cstdint>
#include <string>

#include "base/bytes.h"
#include "base/status.h"

namespace gateway {

// Reads JSON (RFC 8259) from front to back. Each function passes over space before what it reads;
// after one that failed only status() makes sense.
class JsonReader {
 public:
  explicit JsonReader(base::ByteView text) : text_(text) {}

  // kInvalidArgument, saying where, once something was not as it must be.
  const base::Status& status() const { return status_; }
  bool Fail(base::ByteView what);

  // The next character that is no space; 0 at the end.
  char Peek();
  // Whether `c` is next; passes over it.
  bool Skip(char c);
  // The same, and anything else is a failure.
  bool Expect(char c);
  // Nothing but space is left.
  bool AtEnd() { return Peek() == '\0' && position_ == text_.size(); }

  // A string, with its escapes undone; fails for what is no UTF-8.
  bool ReadString(base::Bytes* out);
  // A number, true, false or null, as it is written.
  bool ReadWord(base::ByteView* out);
  // Any value, of which nothing is wanted: arrays and objects `depth` within each other at most. A
  // byte of memory is held for each.
  bool SkipValue(size_t depth);

 private:
  bool ReadEscape(base::Bytes* out);
  bool ReadHex4(uint32_t* out);
  // A member's name, if an object was opened with `begin`; an array's values have none.
  bool SkipName(char begin);

  base::ByteView text_;
  size_t position_ = 0;
  base::Status status_;
};

}  // namespace gateway
