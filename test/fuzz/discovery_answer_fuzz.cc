// Any bytes are what a discovery service of API v2 answers.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "app/discovery_v2_answer.h"
#include "base/check.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  const auto node = app::ParseV2Node(200, body, "/folder");
  if (node.ok() && node->has_value()) {
    for (const app::RegistryEntry& entry : (*node)->below) {
      CHECK(entry.key.starts_with("/folder/"));
    }
  }
  (void)app::ParseV2Put(412, body);
  return 0;
}
