#include "net/http/frame_scanner.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "net/http/testing/world.h"

namespace http::testing {
namespace {

// The frames found in `bytes`, given in pieces of `size`, as text.
std::vector<std::string> Scan(const base::Bytes& bytes, size_t size) {
  std::vector<std::string> found;
  FrameScanner scanner;
  for (size_t at = 0; at < bytes.size(); at += size) {
    base::ByteView piece = base::ByteView(bytes).substr(at, size);
    while (scanner.Next(&piece)) {
      const FrameHeader& header = scanner.header();
      found.push_back(std::to_string(header.kind) + "/" + std::to_string(header.flags) + " " +
                      std::to_string(header.length) + " on " + std::to_string(header.stream));
    }
    EXPECT_TRUE(piece.empty());
  }
  return found;
}

TEST(FrameScanner, FindsFramesHoweverTheyAreCut) {
  const base::Bytes bytes = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" +
                            Frame{kSettings, 0, 0, ""}.Encode() +
                            Frame{kData, 9, 0x80000003, base::Bytes(70'000, 'x')}.Encode() +
                            Frame{kPing, 1, 0x12345678, "12345678"}.Encode();
  const std::vector<std::string> expected = {"4/0 0 on 0", "0/9 70000 on 3", "6/1 8 on 305419896"};
  for (const size_t size : {1, 2, 7, 9, 33, 1000, 100'000}) {
    EXPECT_EQ(Scan(bytes, size), expected) << size;
  }
}

TEST(FrameScanner, AnUnfinishedHeaderIsNoFrame) {
  EXPECT_TRUE(Scan(base::Bytes(24, 'p') + base::Bytes(8, '\0'), 100).empty());
}

}  // namespace
}  // namespace http::testing
