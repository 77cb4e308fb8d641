// What parses is never shortened by writing it again.

#include <cstddef>
#include <cstdint>

#include "base/check.h"
#include "net/rpc/timeout.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto timeout = rpc::ParseTimeout(base::ByteView(reinterpret_cast<const char*>(data), size));
  if (!timeout.ok() || timeout->count() == 0) return 0;
  const auto again = rpc::ParseTimeout(rpc::FormatTimeout(*timeout));
  CHECK(again.ok() && *again >= *timeout);
  return 0;
}
