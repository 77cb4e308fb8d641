// Any text is refused, or has terms each of which may be set and taken back.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "runtime/failpoint_table.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static constexpr std::array<std::string_view, 1> kNames = {"a"};
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  runtime::FailpointTable table(kNames);
  const auto terms = runtime::ParseFailpointTerms(text);
  CHECK(table.Set("a", text).ok() == terms.ok());
  if (terms.ok()) CHECK(!terms->empty());
  CHECK(table.Get("a").ok() == terms.ok());
  CHECK(table.Clear("a").ok() == terms.ok());
  table.SetAll(text).IgnoreError();
  return 0;
}
