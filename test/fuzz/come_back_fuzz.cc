// Any text as what a member says of when to come back: what is read of it reads the same when it is
// written again.

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/check.h"
#include "base/come_back.h"
#include "client/retry_policy.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const base::ByteView text(reinterpret_cast<const char*>(data), size);

  const auto wait = base::ReadComeBack(text);
  if (wait.has_value()) {
    CHECK(text.starts_with(base::kAdmissionRule));
    CHECK(base::ReadComeBack(base::ComeBackText(base::kAdmissionRule, *wait)) == wait);
  }
  const base::Status refused(base::Code::kResourceExhausted, text);
  const client::RetryAfter trailer = client::ReadRetryAfter(refused, text);
  if (!trailer.has_value()) return 0;
  CHECK_GE(trailer->count(), 0);
  CHECK(client::ReadRetryAfter(refused, std::to_string(trailer->count())) == trailer);
  return 0;
}
