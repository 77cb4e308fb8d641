#include "net/http/h2_memory.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
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
  nghttp2_mem* const functions = memory.functions();
  void* const used = functions->malloc(96, functions->mem_user_data);
  std::memset(used, 0xff, 96);
  functions->free(used, functions->mem_user_data);
  void* const piece = functions->calloc(3, 32, functions->mem_user_data);
  const std::vector<uint8_t> zeros(96);
  EXPECT_EQ(std::memcmp(piece, zeros.data(), zeros.size()), 0);
  functions->free(piece, functions->mem_user_data);
  EXPECT_EQ(functions->calloc(SIZE_MAX / 2, 3, functions->mem_user_data), nullptr);
}

TEST(H2Memory, APieceThatGrowsKeepsItsContents) {
  H2Memory memory;
  nghttp2_mem* const functions = memory.functions();
  auto* piece = static_cast<char*>(functions->malloc(5, functions->mem_user_data));
  std::memcpy(piece, "12345", 5);
  for (size_t size = 6; size < 4096; size *= 2) {
    piece = static_cast<char*>(functions->realloc(piece, size, functions->mem_user_data));
    EXPECT_EQ(std::string_view(piece, 5), "12345");
  }
  functions->free(piece, functions->mem_user_data);
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
