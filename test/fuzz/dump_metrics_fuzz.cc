#include <cstddef>
#include <cstdint>

#include "base/check.h"
#include "dump/metrics_text.h"

// A page of metrics with any bytes: it is described, with a version in front.

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text =
      dump::MetricsText(std::string_view(reinterpret_cast<const char*>(data), size));
  CHECK(text.starts_with("# server version: "));
  return 0;
}
