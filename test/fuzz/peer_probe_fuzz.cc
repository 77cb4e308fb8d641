// Any bytes are a peer's answer to a probe.

#include <cstddef>
#include <cstdint>

#include "base/check.h"
#include "net/peer/peer_headers.h"
#include "net/peer/probe_answer.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const base::ByteView in(reinterpret_cast<const char*>(data), size);
  const auto now = peer::DecodeProbeAnswer(in);
  if (now.ok()) {
    // Told to the microsecond.
    const auto again = peer::DecodeProbeAnswer(peer::EncodeProbeAnswer(*now));
    CHECK(again.ok());
    CHECK_EQ(now->unix_nanos / 1000, again->unix_nanos / 1000);
  }
  return 0;
}
