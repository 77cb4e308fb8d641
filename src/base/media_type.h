#pragma once

#include <string>
#include <string_view>

namespace base {

// The value of a Content-Type field, as Go reads it (mime.ParseMediaType).
struct MediaType {
  // "text/plain", in small letters; empty if it cannot be told.
  std::string name;
  // What is wrong with it or its parameters, in Go's words; empty if nothing is. A type whose
  // parameters cannot be read has its name all the same.
  std::string error;
};
MediaType ParseMediaType(std::string_view text);

}  // namespace base
