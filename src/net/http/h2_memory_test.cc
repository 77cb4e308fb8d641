#include "net/http/h2_memory.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

namespace http {
namespace {

TEST(H2Memory, PiecesAreWritableInTheirWholeSizeHoweverOftenTheyAreUsed) {
  H2Memory memory;
  for (int round = 0; round < 3; ++round) {
    std::vector<void*> pieces;
    for (size_t size = 0; size <= 2 * H2Memory::kPieceMax; ++size) {
      pieces.push_back(memory.Take(size));
      std::memset(pieces.back(), static_cast<int>(size), size);
    }
    for (size_t size = 0; size < pieces.size(); ++size) {
      const std::vector<uint8_t> expected(size, static_cast<uint8_t>(size));
      EXPECT_EQ(std::memcmp(pieces[size], expected.data(), size), 0) << size;
      memory.Give(pieces[size]);
    }
  }
  memory.Give(nullptr);
}

TEST(H2Memory, ZeroedPiecesAreZeroEvenIfTheyWereUsedBefore) {
  H2Memory memory;
  void* const used = memory.Take(96);
  std::memset(used, 0xff, 96);
  memory.Give(used);
  void* const piece = memory.TakeZeroed(3, 32);
  const std::vector<uint8_t> zeros(96);
  EXPECT_EQ(std::memcmp(piece, zeros.data(), zeros.size()), 0);
  memory.Give(piece);
  EXPECT_EQ(memory.TakeZeroed(SIZE_MAX / 2, 3), nullptr);
}

TEST(H2Memory, APieceThatGrowsKeepsItsContents) {
  H2Memory memory;
  auto* piece = static_cast<char*>(memory.Take(5));
  std::memcpy(piece, "12345", 5);
  for (size_t size = 6; size < 4096; size *= 2) {
    piece = static_cast<char*>(H2Memory::Resize(piece, size));
    EXPECT_EQ(std::string_view(piece, 5), "12345");
  }
  memory.Give(piece);
}

TEST(H2Memory, KeepsNoMoreThanItsBound) {
  H2Memory memory;
  std::vector<void*> pieces;
  for (size_t bytes = 0; bytes < 2 * H2Memory::kKeptMax; bytes += 256) {
    pieces.push_back(memory.Take(256));
  }
  for (void* piece : pieces) memory.Give(piece);
  EXPECT_LE(memory.kept_bytes(), H2Memory::kKeptMax);
}

}  // namespace
}  // namespace http
