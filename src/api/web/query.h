#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/bytes.h"

namespace web {

// The parameters of a URL's query string, percent-decoded, in their order. Those that cannot be
// decoded are passed over, as Go does.
class Query {
 public:
  explicit Query(base::ByteView text);

  bool Has(base::ByteView name) const;
  // The first one's value; empty without one.
  std::string Get(base::ByteView name) const;
  // All values of that name which are not empty.
  std::vector<std::string> All(base::ByteView name) const;

 private:
  std::vector<std::pair<std::string, std::string>> parameters_;
};

}  // namespace web
