#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "runtime/disk.h"

struct evp_md_ctx_st;

namespace snap {

// A snapshot that was saved to a file:
//
//   snapshot = image digest
//   image    = a bbolt file; its size is a multiple of 512 bytes
//   digest   = SHA-256 of image, 32 bytes
//
// A database that was copied as it is has no digest: the size of the file tells.

inline constexpr size_t kDigestBytes = 32;

// SHA-256 of bytes that come in pieces.
class SnapshotHasher {
 public:
  SnapshotHasher();

  void Update(base::ByteView bytes);
  // The digest of all bytes so far, kDigestBytes long. Ends the hashing.
  base::Bytes Finish();

 private:
  struct Free {
    void operator()(evp_md_ctx_st* context) const;
  };
  std::unique_ptr<evp_md_ctx_st, Free> context_;
};

// The parts of a snapshot file.
struct SnapshotParts {
  uint64_t image_bytes = 0;
  bool has_digest = false;
};

base::Result<SnapshotParts> FindParts(const runtime::File& file);

// Reads the whole image of a file that has a digest. kDataLoss, naming `path`, if another digest
// belongs to it.
base::Status VerifyDigest(const runtime::File& file, std::string_view path,
                          const SnapshotParts& parts);

}  // namespace snap
