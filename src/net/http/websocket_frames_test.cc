#include "net/http/websocket_frames.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "net/http/testing/websocket.h"

namespace http {
namespace {

using testing::ClientFrame;
using Kind = WebSocketReader::Event::Kind;

constexpr size_t kMaxBytes = 70'000;
constexpr uint8_t kFinal = 0x80, kContinuation = 0, kText = 1, kBinary = 2, kClose = 8, kPing = 9,
                  kPong = 10;

// What a client's bytes are, each event by its name; they arrive in pieces.
std::vector<std::string> Read(const base::Bytes& bytes, size_t piece_size = 1 << 20) {
  WebSocketReader reader(kMaxBytes);
  std::vector<std::string> events;
  for (size_t start = 0; start < bytes.size(); start += piece_size) {
    base::ByteView piece = base::ByteView(bytes).substr(start, piece_size);
    while (const auto event = reader.Read(&piece)) {
      const std::string code = std::to_string(static_cast<int>(event->close));
      switch (event->kind) {
        case Kind::kMessage:
          events.push_back("message:" + event->payload);
          break;
        case Kind::kPing:
          events.push_back("ping:" + event->payload);
          break;
        case Kind::kPong:
          events.push_back("pong:" + event->payload);
          break;
        case Kind::kClose:
          events.push_back("close:" + code);
          return events;
        case Kind::kViolation:
          events.push_back("violation:" + code);
          return events;
      }
    }
    EXPECT_TRUE(piece.empty());
  }
  return events;
}

using Events = std::vector<std::string>;
const Events kProtocolError = {"violation:1002"};

TEST(WebSocketReaderTest, MessagesAreUnmasked) {
  EXPECT_EQ(Read(ClientFrame(kFinal | kText, "hello") + ClientFrame(kFinal | kBinary, "") +
                 ClientFrame(kFinal | kText, "again")),
            (Events{"message:hello", "message:", "message:again"}));
}

TEST(WebSocketReaderTest, LengthsOfEachForm) {
  for (const size_t size : {125, 126, 65'535, 65'536}) {
    const std::string payload(size, 'x');
    EXPECT_EQ(Read(ClientFrame(kFinal | kText, payload)), (Events{"message:" + payload})) << size;
  }
}

TEST(WebSocketReaderTest, FragmentsMakeOneMessageWithControlFramesBetween) {
  const base::Bytes bytes = ClientFrame(kText, "one ") + ClientFrame(kFinal | kPing, "p") +
                            ClientFrame(kContinuation, "two ") + ClientFrame(kFinal | kPong, "") +
                            ClientFrame(kFinal | kContinuation, "three");
  EXPECT_EQ(Read(bytes), (Events{"ping:p", "pong:", "message:one two three"}));
}

TEST(WebSocketReaderTest, BytesMayArriveInAnyPieces) {
  const base::Bytes bytes =
      ClientFrame(kText, std::string(300, 'a')) + ClientFrame(kFinal | kPing, "p") +
      ClientFrame(kFinal | kContinuation, std::string(66'000, 'b')) + testing::ClientClose(1000);
  const Events whole = Read(bytes);
  ASSERT_EQ(whole.size(), 3u);
  for (const size_t size : {1, 2, 3, 7, 1000}) EXPECT_EQ(Read(bytes, size), whole) << size;
}

TEST(WebSocketReaderTest, ACloseTellsItsReason) {
  EXPECT_EQ(Read(testing::ClientClose(1001)), (Events{"close:1001"}));
  EXPECT_EQ(Read(testing::ClientClose(4999)), (Events{"close:4999"}));
  EXPECT_EQ(Read(ClientFrame(kFinal | kClose, "")), (Events{"close:1005"}));
  EXPECT_EQ(Read(ClientFrame(kFinal | kClose, "\x03\xe8 bye")), (Events{"close:1000"}));
}

TEST(WebSocketReaderTest, CloseReasonsThatNobodyMaySendAreRefused) {
  for (const uint16_t code : {0, 999, 1004, 1005, 1006, 1015, 2999, 5000, 65'535}) {
    EXPECT_EQ(Read(testing::ClientClose(code)), kProtocolError) << code;
  }
  EXPECT_EQ(Read(ClientFrame(kFinal | kClose, "\x03")), kProtocolError);
  EXPECT_EQ(Read(ClientFrame(kFinal | kClose, "\x03\xe8\xff")), (Events{"violation:1007"}));
}

TEST(WebSocketReaderTest, FramesOfAClientAreMasked) {
  EXPECT_EQ(Read(WebSocketFrame(WebSocketOpcode::kText, "hello")), kProtocolError);
}

TEST(WebSocketReaderTest, ReservedBitsAndOpcodesAreRefused) {
  for (const uint8_t first : {0xc1, 0xa1, 0x91, 0x83, 0x87, 0x8b, 0x8f}) {
    EXPECT_EQ(Read(ClientFrame(first, "")), kProtocolError) << int{first};
  }
}

TEST(WebSocketReaderTest, LengthsHaveTheirShortestForm) {
  EXPECT_EQ(Read(ClientFrame(kFinal | kText, std::string(125, 'x'), 2)), kProtocolError);
  EXPECT_EQ(Read(ClientFrame(kFinal | kText, std::string(65'535, 'x'), 8)), kProtocolError);
  EXPECT_EQ(Read(base::Bytes("\x81\xff\x80\0\0\0\0\0\0\0\1\2\3\4", 14)), kProtocolError);
}

TEST(WebSocketReaderTest, ControlFramesAreWholeAndShort) {
  EXPECT_EQ(Read(ClientFrame(kPing, "")), kProtocolError);
  EXPECT_EQ(Read(ClientFrame(kFinal | kPing, std::string(126, 'x'))), kProtocolError);
}

TEST(WebSocketReaderTest, FragmentsComeInOrder) {
  EXPECT_EQ(Read(ClientFrame(kFinal | kContinuation, "")), kProtocolError);
  EXPECT_EQ(Read(ClientFrame(kText, "a") + ClientFrame(kFinal | kText, "b")), kProtocolError);
}

TEST(WebSocketReaderTest, AMessageThatIsTooLongIsRefusedByItsHead) {
  const base::Bytes frame = ClientFrame(kFinal | kText, std::string(kMaxBytes + 1, 'x'));
  EXPECT_EQ(Read(frame.substr(0, 14)), (Events{"violation:1009"}));
  const base::Bytes fragments =
      ClientFrame(kText, std::string(kMaxBytes, 'x')) + ClientFrame(kFinal | kContinuation, "y");
  EXPECT_EQ(Read(fragments), (Events{"violation:1009"}));
}

TEST(WebSocketReaderTest, TextIsUtf8OverItsFragments) {
  const base::Bytes split =
      ClientFrame(kText, "\xc3") + ClientFrame(kFinal | kContinuation, "\xa9");
  EXPECT_EQ(Read(split), (Events{"message:\xc3\xa9"}));
  EXPECT_EQ(Read(ClientFrame(kFinal | kText, "\xc3")), (Events{"violation:1007"}));
  EXPECT_EQ(Read(ClientFrame(kFinal | kBinary, "\xc3")), (Events{"message:\xc3"}));
}

TEST(WebSocketFrameTest, HasTheShortestLengthAndNoMask) {
  EXPECT_EQ(WebSocketFrame(WebSocketOpcode::kText, "Hello"), "\x81\x05Hello");
  EXPECT_EQ(WebSocketFrame(WebSocketOpcode::kBinary, std::string(256, 'x')).substr(0, 4),
            base::Bytes("\x82\x7e\x01\x00", 4));
  EXPECT_EQ(WebSocketFrame(WebSocketOpcode::kBinary, std::string(65'536, 'x')).substr(0, 10),
            base::Bytes("\x82\x7f\0\0\0\0\0\1\0\0", 10));
  EXPECT_EQ(WebSocketCloseFrame(WebSocketClose::kNormal), "\x88\x02\x03\xe8");
  EXPECT_EQ(WebSocketCloseFrame(WebSocketClose::kNoStatus), base::Bytes("\x88\0", 2));
}

}  // namespace
}  // namespace http
