// Any text as the file of etcdctl's contexts; what is read is written and read back the same.

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/check.h"
#include "ctl/contexts.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto contexts = ctl::ParseContexts(std::string(reinterpret_cast<const char*>(data), size));
  if (!contexts.ok()) {
    CHECK(!contexts.status().message().empty());
    return 0;
  }
  for (const auto& [name, context] : contexts->all) CHECK(ctl::IsContextName(name));
  const auto again = ctl::ParseContexts(ctl::FormatContexts(*contexts));
  CHECK(again.ok());
  CHECK_EQ(again->all.size(), contexts->all.size());
  return 0;
}
