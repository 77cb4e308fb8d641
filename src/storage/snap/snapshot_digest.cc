#include "storage/snap/snapshot_digest.h"

#include <openssl/evp.h>

#include <algorithm>
#include <string>

#include "base/check.h"

namespace snap {
namespace {

constexpr uint64_t kImageGranularity = 512;
constexpr uint64_t kReadBytes = 256 * 1024;

std::string Hex(base::ByteView bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (const char byte : bytes) {
    text += kDigits[static_cast<unsigned char>(byte) >> 4];
    text += kDigits[static_cast<unsigned char>(byte) & 15];
  }
  return text;
}

}  // namespace

SnapshotHasher::SnapshotHasher() : context_(EVP_MD_CTX_new()) {
  CHECK(context_ != nullptr);
  CHECK_EQ(EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr), 1);
}

void SnapshotHasher::Free::operator()(evp_md_ctx_st* context) const {
  EVP_MD_CTX_free(context);
}

void SnapshotHasher::Update(base::ByteView bytes) {
  CHECK_EQ(EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()), 1);
}

base::Bytes SnapshotHasher::Finish() {
  base::Bytes digest(kDigestBytes, '\0');
  CHECK_EQ(
      EVP_DigestFinal_ex(context_.get(), reinterpret_cast<unsigned char*>(digest.data()), nullptr),
      1);
  return digest;
}

base::Result<SnapshotParts> FindParts(const runtime::File& file) {
  ASSIGN_OR_RETURN(const uint64_t size, file.Size());
  const bool has_digest = size % kImageGranularity == kDigestBytes;
  return SnapshotParts{.image_bytes = has_digest ? size - kDigestBytes : size,
                       .has_digest = has_digest};
}

base::Status VerifyDigest(const runtime::File& file, std::string_view path,
                          const SnapshotParts& parts) {
  CHECK(parts.has_digest);
  SnapshotHasher hasher;
  base::Bytes bytes;
  for (uint64_t offset = 0; offset < parts.image_bytes; offset += bytes.size()) {
    const uint64_t wanted = std::min(kReadBytes, parts.image_bytes - offset);
    RETURN_IF_ERROR(file.ReadAt(offset, wanted, &bytes));
    if (bytes.size() < wanted) {
      return base::Status(base::Code::kDataLoss, std::string(path) + ": cut off while it was read");
    }
    hasher.Update(bytes);
  }
  RETURN_IF_ERROR(file.ReadAt(parts.image_bytes, kDigestBytes, &bytes));
  const base::Bytes computed = hasher.Finish();
  if (bytes == computed) return {};
  return base::Status(base::Code::kDataLoss, "expected sha256 " + Hex(bytes) + ", got " +
                                                 Hex(computed) + ": " + std::string(path) +
                                                 " is not as it was saved");
}

}  // namespace snap
