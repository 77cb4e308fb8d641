#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"

// A fuzzer that must fail: it shows that the fuzzing machine finds what there is to find.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  CHECK(!input.starts_with("etcd"));
  return 0;
}
