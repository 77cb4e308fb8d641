#include "storage/backend/digest.h"

#include <openssl/sha.h>

namespace backend {

static_assert(kDigestBytes == SHA256_DIGEST_LENGTH);

void AppendDigest(base::ByteView data, base::Bytes* out) {
  unsigned char digest[kDigestBytes];
  SHA256(reinterpret_cast<const unsigned char*>(data.data()), data.size(), digest);
  out->append(reinterpret_cast<const char*>(digest), kDigestBytes);
}

}  // namespace backend
