#pragma once

#include <cstdint>
#include <string>

#include "base/bytes.h"
#include "runtime/time.h"

namespace http {

// The value of a Date field (RFC 9110 section 5.6.7), written once a second however many answers
// carry it. One for each loop.
class Date {
 public:
  // "Sun, 06 Nov 1994 08:49:37 GMT"; the view is valid until the next call.
  base::ByteView At(runtime::WallTime now);

 private:
  int64_t second_ = 0;  // of text_, if that is not empty
  std::string text_;
};

}  // namespace http
