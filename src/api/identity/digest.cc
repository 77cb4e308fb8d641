#include "api/identity/digest.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/check.h"

namespace identity {
namespace {

unsigned char* Unsigned(char* bytes) {
  return reinterpret_cast<unsigned char*>(bytes);
}

// Why kept: to find it takes longer than to hash a token.
const EVP_MD* Sha256Method() {
  static EVP_MD* const method = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  CHECK(method != nullptr);
  return method;
}

}  // namespace

base::Bytes Sha256(std::string_view text) {
  base::Bytes digest(kDigestBytes, '\0');
  CHECK(EVP_Digest(text.data(), text.size(), Unsigned(digest.data()), nullptr, Sha256Method(),
                   nullptr) == 1);
  return digest;
}

base::Bytes KeyedDigest(base::ByteView key, std::initializer_list<std::string_view> parts) {
  // Reserved, so that no copy of a part is left behind when it grows.
  size_t size = 0;
  for (const std::string_view part : parts) size += sizeof(uint64_t) + part.size();
  base::Bytes text;
  text.reserve(size);
  for (const std::string_view part : parts) {
    char length[sizeof(uint64_t)];
    base::Store64Le(length, part.size());
    text.append(length, sizeof length);
    text.append(part);
  }
  base::Bytes digest(kDigestBytes, '\0');
  unsigned digest_size = 0;
  CHECK(HMAC(Sha256Method(), key.data(), static_cast<int>(key.size()), Unsigned(text.data()),
             text.size(), Unsigned(digest.data()), &digest_size) != nullptr);
  CHECK_EQ(digest_size, kDigestBytes);
  OPENSSL_cleanse(text.data(), text.size());
  return digest;
}

std::string TokenFingerprint(std::string_view token) {
  constexpr size_t kDigits = 12;
  constexpr std::string_view kHex = "0123456789abcdef";
  const base::Bytes digest = Sha256(token);
  std::string fingerprint;
  for (size_t i = 0; i < kDigits / 2; ++i) {
    const auto byte = static_cast<unsigned char>(digest[i]);
    fingerprint += kHex[byte >> 4];
    fingerprint += kHex[byte & 0xf];
  }
  return fingerprint;
}

}  // namespace identity
