// The same bytes cut in two ways give the same messages; gzip of any bytes fails or stays in its
// limit.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/check.h"
#include "net/rpc/encoding.h"
#include "net/rpc/gzip.h"
#include "net/rpc/message.h"

namespace {

constexpr size_t kMaxBytes = 1 << 16;

std::vector<base::Bytes> ReadAll(base::ByteView bytes, size_t piece_size) {
  std::vector<base::Bytes> messages;
  rpc::MessageReader reader(kMaxBytes);
  while (!bytes.empty()) {
    base::ByteView piece = bytes.substr(0, piece_size);
    bytes.remove_prefix(piece.size());
    while (!piece.empty()) {
      const auto whole = reader.Read(&piece);
      if (!whole.ok()) return messages;
      if (*whole) messages.emplace_back(reader.message());
    }
  }
  return messages;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const base::ByteView bytes(reinterpret_cast<const char*>(data + 1), size - 1);
  const size_t piece_size = std::max<size_t>(data[0], 1);
  CHECK(ReadAll(bytes, piece_size) == ReadAll(bytes, size));
  const auto plain = rpc::GzipDecompress(bytes, kMaxBytes);
  if (plain.ok()) CHECK_LE(plain->size(), kMaxBytes);
  CHECK(rpc::PercentDecode(rpc::PercentEncode(bytes)) == bytes);
  return 0;
}
