#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "net/trace/span.h"

namespace trace {

// Who it is that the spans come from: "service.name" and the like.
using ResourceAttributes = std::vector<std::pair<std::string, std::string>>;

// A batch as the OpenTelemetry protocol has it, an ExportTraceServiceRequest. Bytes of texts that
// are no UTF-8 are replaced, as a collector would refuse the whole batch for them.
base::Bytes EncodeBatch(const ResourceAttributes& resource, const Batch& batch);

// What a collector says of a batch that it has taken.
struct Taken {
  // Spans that it has not taken after all, from 0 to those that there were.
  size_t rejected = 0;
  std::string why;
};
// Reads an ExportTraceServiceResponse. Bytes that are none say nothing: all was taken.
Taken ReadTaken(base::ByteView response, size_t spans);

}  // namespace trace
