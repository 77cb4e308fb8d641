#include <cstddef>
#include <cstdint>
#include <string_view>

#include "runtime/dns/srv.h"

// What name servers answer, which anybody may have made.

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view packet(reinterpret_cast<const char*>(data), size);
  const auto records = runtime::dns::ParseSrvAnswer(packet);
  if (!records.ok()) return 0;
  if (records->size() > runtime::dns::kSrvRecordsMax) __builtin_trap();
  for (const auto& record : *records) {
    if (record.target.find_first_of(",=/@:") != std::string::npos) __builtin_trap();
  }
  return 0;
}
