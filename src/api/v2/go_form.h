#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.h"

namespace v2 {

// The decoded path of a URL, as Go decodes it; nothing if an escape is none.
std::optional<std::string> DecodePath(base::ByteView text);

// Parameters of a query string or of a form's body, in their order. What Go cannot decode is passed
// over; the first such is an error, in Go's words.
class Form {
 public:
  // Those of a body come before those of a query.
  void Parse(base::ByteView text);
  // Something else than a parameter was wrong.
  void Fail(std::string why);

  // Empty if nothing was wrong.
  const std::string& error() const { return error_; }
  // The first of that name; null if there is none.
  const std::string* Find(base::ByteView name) const;
  // Empty if there is none.
  std::string Get(base::ByteView name) const;

 private:
  std::vector<std::pair<std::string, std::string>> parameters_;
  std::string error_;
};

}  // namespace v2
