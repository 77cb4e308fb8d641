// Any bytes as a member's page of metrics, of which etcdctl looks at some by name.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "ctl/metrics_text.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const ctl::MetricsText page({reinterpret_cast<const char*>(data), size});
  CHECK(page.Value("a").has_value() == page.Sum("a").has_value());
  const auto median = page.Quantile("h", 0.5);
  const auto most = page.Quantile("h", 1);
  CHECK(median.has_value() == most.has_value());
  return 0;
}
