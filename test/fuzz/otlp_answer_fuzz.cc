// Any bytes as what a collector of traces answers: it takes back no more spans than there were.

#include <cstddef>
#include <cstdint>

#include "base/check.h"
#include "net/trace/otlp.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  constexpr size_t kSpans = 512;
  const trace::Taken taken = trace::ReadTaken({reinterpret_cast<const char*>(data), size}, kSpans);
  CHECK_LE(taken.rejected, kSpans);
  CHECK_LE(taken.why.size(), size);
  return 0;
}
