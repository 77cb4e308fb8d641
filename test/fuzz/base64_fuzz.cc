// Any bytes come back in every form; any text is refused or has bytes that come back.

#include <cstddef>
#include <cstdint>

#include "base/base64.h"
#include "base/check.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const base::ByteView input(reinterpret_cast<const char*>(data), size);
  for (const auto form : {base::Base64::kPlain, base::Base64::kPadded, base::Base64::kUrl}) {
    CHECK(base::Base64Decode(base::Base64Encode(input, form), form) == input);
    const auto bytes = base::Base64Decode(input, form);
    if (bytes) CHECK(base::Base64Decode(base::Base64Encode(*bytes, form), form) == *bytes);
  }
  return 0;
}
