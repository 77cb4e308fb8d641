#include "net/http/h2_memory.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <string>
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
      const std::string expected(size, static_cast<char>(size));
      EXPECT_EQ(std::string_view(static_cast<char*>(pieces[size]), size), expected) << size;
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
  EXPECT_EQ(std::string_view(static_cast<char*>(piece), 96), std::string(96, '\0'));
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
