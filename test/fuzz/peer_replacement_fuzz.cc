// Any bytes are a member's question to be replaced, its note of that, and the answer to it.

#include <cstddef>
#include <cstdint>

#include "base/check.h"
#include "net/peer/replacement_messages.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const base::ByteView in(reinterpret_cast<const char*>(data), size);
  const auto replacement = server::ReplacementFromJson(in);
  if (replacement.ok()) {
    CHECK(replacement->peer_urls.size() <= server::kReplacementUrlsMax);
    CHECK(replacement->member != replacement->successor);
    CHECK(*replacement == *server::ReplacementFromJson(server::ToJson(*replacement)));
  }
  (void)peer::ParseReplacement(in);
  (void)peer::ReplacementAnswer(size % 600, in);
  return 0;
}
