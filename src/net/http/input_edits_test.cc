#include "net/http/input_edits.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace http {
namespace {

// All of it, read in pieces of at most `size`.
base::Bytes ReadAll(InputEdits* edits, base::ByteView input, size_t size) {
  base::Bytes read;
  while (!input.empty()) {
    const base::ByteView piece = edits->Next(input).substr(0, size);
    read += piece;
    edits->Pass(&input, piece.size());
  }
  return read;
}

TEST(InputEdits, InputWithoutEditsIsReadAsItIs) {
  InputEdits edits;
  EXPECT_EQ(ReadAll(&edits, "plain", 2), "plain");
}

TEST(InputEdits, ReplacesAndPassesOver) {
  for (size_t size = 1; size < 12; ++size) {
    InputEdits edits;
    edits.Replace(0, 2, "AB");
    edits.Replace(2, 3);
    edits.Replace(5, 6, "longer");
    edits.Replace(8, 10);
    EXPECT_EQ(ReadAll(&edits, "0123456789", size), "AB34longer67") << size;
    EXPECT_TRUE(edits.empty());
  }
}

TEST(InputEdits, MoreInputMayComeBehindWhatIsLeft) {
  InputEdits edits;
  base::ByteView input = "0123";
  edits.Replace(3, 4);
  edits.Pass(&input, 2);
  EXPECT_EQ(input, "23");
  input = "23456";
  edits.Replace(2, 4, "x");
  EXPECT_EQ(ReadAll(&edits, input, 100), "2x6");
}

}  // namespace
}  // namespace http
