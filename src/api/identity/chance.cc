#include "api/identity/chance.h"

#include <openssl/rand.h>

#include "base/check.h"

namespace identity {

void SystemChance(std::span<uint8_t> out) {
  CHECK(RAND_bytes(out.data(), static_cast<int>(out.size())) == 1);
}

}  // namespace identity
