#pragma once

#include <set>
#include <string>
#include <utility>

#include "base/bytes.h"
#include "base/result.h"

namespace reflection {

// Answers the requests of one stream, in order.
class Answers {
 public:
  // `services`: the names that list_services gives.
  explicit Answers(std::set<std::string> services) : services_(std::move(services)) {}

  // An encoded ServerReflectionRequest for an encoded ServerReflectionResponse. What does not exist
  // is an answer, too; kInternal if the request cannot be read, kInvalidArgument if it asks
  // nothing.
  base::Result<base::Bytes> Answer(base::ByteView request);

 private:
  class Writer;

  const std::set<std::string> services_;
  // Names of the files that this stream has been given: none is sent again as an import.
  std::set<std::string> sent_;
};

}  // namespace reflection
