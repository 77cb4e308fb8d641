// What RFC 9113 and RFC 7541 ask of a server when a client breaks their rules, or does something
// odd that they allow: one frame sequence and its answer a test. The cases are those of the
// conformance suite h2spec, and more; nghttp2 and our own checks answer them together.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "net/http/testing/world.h"

namespace http::testing {
namespace {

using Fields = std::vector<std::pair<std::string, std::string>>;

constexpr uint8_t kPushPromise = 5, kUnknownKind = 0x16;
constexpr uint8_t kPadded = 8, kHasPriority = 0x20;

base::Bytes Uint(uint64_t value, size_t size) {
  base::Bytes bytes;
  while (size-- > 0) bytes.push_back(static_cast<char>(value >> 8 * size));
  return bytes;
}

base::Bytes Setting(uint16_t id, uint32_t value) {
  return Frame{kSettings, 0, 0, Uint(id, 2) + Uint(value, 4)}.Encode();
}

base::Bytes WindowUpdate(uint32_t stream, uint32_t increment) {
  return Frame{kWindowUpdate, 0, stream, Uint(increment, 4)}.Encode();
}

base::Bytes Send(uint8_t kind, uint8_t flags, uint32_t stream, base::Bytes payload) {
  return Frame{kind, flags, stream, std::move(payload)}.Encode();
}

// A request's fields; "/never" leaves its stream open.
base::Bytes Block(const std::string& path, const Fields& more = {}) {
  Fields fields = {{":method", "POST"}, {":scheme", "http"}, {":path", path}};
  fields.insert(fields.end(), more.begin(), more.end());
  return EncodeFields(fields);
}

// The head of a request on a stream that stays open on both sides, or on the server's only.
base::Bytes Open(uint32_t stream) {
  return Send(kHeaders, kEndHeaders, stream, Block("/never"));
}
base::Bytes HalfClosed(uint32_t stream) {
  return Send(kHeaders, kEndHeaders | kEndStream, stream, Block("/never"));
}
// A whole request, which is answered at once: the stream is closed.
base::Bytes Closed(uint32_t stream) {
  return Send(kHeaders, kEndHeaders | kEndStream, stream, Block("/echo"));
}
base::Bytes Reset(uint32_t stream) {
  return Send(kReset, 0, stream, Uint(8, 4));
}
base::Bytes Head(const base::Bytes& block) {
  return Send(kHeaders, kEndHeaders | kEndStream, 1, block);
}

struct Case {
  const char* name;  // a sentence
  base::Bytes sent;  // after the preface
  ErrorCode code = ErrorCode::kNoError;
};

std::string NameOf(const ::testing::TestParamInfo<Case>& info) {
  return info.param.name;
}

class ConformanceTest : public ::testing::TestWithParam<Case> {
 protected:
  ConformanceTest() {
    client_.SendPreface();
    client_.Send(GetParam().sent);
    world_.Settle();
  }
  static uint32_t Code(const Frame& frame, size_t offset) {
    return ReadUint(base::ByteView(frame.payload).substr(offset, 4));
  }
  static uint32_t ExpectedCode() { return static_cast<uint32_t>(GetParam().code); }

  EchoService service_;
  World world_{&service_};
  RawClient& client_ = world_.ConnectRaw();
};

// ---- What ends the connection ----

using ConnectionErrorTest = ConformanceTest;

TEST_P(ConnectionErrorTest, EndsTheConnectionWith) {
  const auto farewell = client_.ReceivedFrames(kGoAway);
  ASSERT_FALSE(farewell.empty());
  EXPECT_EQ(Code(farewell.back(), 4), ExpectedCode());
  EXPECT_TRUE(client_.ended());
  EXPECT_EQ(world_.counters().protocol_errors.value(), 1u);
}

const ErrorCode kProtocol = ErrorCode::kProtocolError;
const ErrorCode kFrameSize = ErrorCode::kFrameSizeError;
const ErrorCode kCompression = ErrorCode::kCompressionError;
const ErrorCode kFlowControl = ErrorCode::kFlowControlError;
const ErrorCode kStreamIsClosed = ErrorCode::kStreamClosed;

INSTANTIATE_TEST_SUITE_P(
    FrameSize, ConnectionErrorTest,
    ::testing::Values(
        Case{"ALongHeadersFrame", Send(kHeaders, 4, 1, base::Bytes(16385, 'x')), kFrameSize},
        Case{"ASettingsFrameThatIsNotOfWholeSettings", Send(kSettings, 0, 0, "xyz"), kFrameSize},
        Case{"ASettingsAckWithPayload", Send(kSettings, kAck, 0, Uint(0, 6)), kFrameSize},
        Case{"APingOfSevenBytes", Send(kPing, 0, 0, "seven b"), kFrameSize},
        Case{"AWindowUpdateOfThreeBytes", Send(kWindowUpdate, 0, 0, "xyz"), kFrameSize},
        Case{"AResetOfThreeBytes", Open(1) + Send(kReset, 0, 1, "xyz"), kFrameSize},
        Case{"AGoAwayOfSevenBytes", Send(kGoAway, 0, 0, "seven b"), kFrameSize}),
    NameOf);

INSTANTIATE_TEST_SUITE_P(
    OnStreamZero, ConnectionErrorTest,
    ::testing::Values(Case{"Data", Send(kData, 0, 0, "x"), kProtocol},
                      Case{"Headers", Send(kHeaders, 4, 0, Block("/echo")), kProtocol},
                      Case{"Priority", Send(kPriority, 0, 0, Uint(0, 5)), kProtocol},
                      Case{"Reset", Reset(0), kProtocol},
                      Case{"Continuation",
                           Send(kHeaders, 0, 1, Block("/echo")) + Send(kContinuation, 4, 0, ""),
                           kProtocol}),
    NameOf);

INSTANTIATE_TEST_SUITE_P(
    OnAnotherStreamThanZero, ConnectionErrorTest,
    ::testing::Values(Case{"Settings", Send(kSettings, 0, 1, Uint(0, 6)), kProtocol},
                      Case{"Ping", Send(kPing, 0, 1, "8 bytes."), kProtocol},
                      Case{"GoAway", Send(kGoAway, 0, 1, Uint(0, 8)), kProtocol}),
    NameOf);

INSTANTIATE_TEST_SUITE_P(
    OnAnIdleStream, ConnectionErrorTest,
    ::testing::Values(Case{"Data", Send(kData, 0, 1, "x"), kProtocol},
                      Case{"Reset", Reset(1), kProtocol},
                      Case{"WindowUpdate", WindowUpdate(1, 100), kProtocol},
                      Case{"Continuation", Send(kContinuation, 4, 1, Block("/echo")), kProtocol}),
    NameOf);

INSTANTIATE_TEST_SUITE_P(
    StreamIdentifiers, ConnectionErrorTest,
    ::testing::Values(Case{"AnEvenOne", Closed(2), kProtocol},
                      Case{"ASmallerOneWhileTheGreaterIsOpen", Open(5) + Closed(3), kProtocol},
                      Case{"ASmallerOneWhenTheGreaterIsClosed", Closed(5) + Closed(3), kProtocol},
                      Case{"DataOnOneThatWasPassedOver", Open(5) + Send(kData, 0, 3, "x"),
                           kProtocol}),
    NameOf);

INSTANTIATE_TEST_SUITE_P(
    OnAStreamThatTheClientEnded, ConnectionErrorTest,
    ::testing::Values(
        Case{"DataAfterAReset", Open(1) + Reset(1) + Send(kData, 1, 1, "x"), kStreamIsClosed},
        Case{"HeadersAfterAReset", Open(1) + Reset(1) + Closed(1), kStreamIsClosed},
        Case{"ContinuationAfterAReset",
             Open(1) + Reset(1) + Send(kContinuation, 4, 1, Block("/echo")), kProtocol},
        Case{"Data", Closed(1) + Send(kData, 1, 1, "x"), kStreamIsClosed},
        Case{"Headers", Closed(1) + Closed(1), kStreamIsClosed},
        Case{"DataBeforeTheAnswer", HalfClosed(1) + Send(kData, 1, 1, "x"), kStreamIsClosed},
        Case{"HeadersBeforeTheAnswer", HalfClosed(1) + HalfClosed(1), kStreamIsClosed},
        Case{"Continuation", Closed(1) + Send(kContinuation, 4, 1, Block("/echo")), kProtocol},
        Case{"ContinuationBeforeTheAnswer",
             HalfClosed(1) + Send(kContinuation, 4, 1, Block("/echo")), kProtocol}),
    NameOf);

INSTANTIATE_TEST_SUITE_P(
    InsideAHeaderBlock, ConnectionErrorTest,
    ::testing::Values(
        Case{"Data", Send(kHeaders, 0, 1, Block("/echo")) + Send(kData, 1, 1, "x"), kProtocol},
        Case{"Priority", Send(kHeaders, 0, 1, Block("/echo")) + Send(kPriority, 0, 1, Uint(0, 5)),
             kProtocol},
        Case{"HeadersOfAnotherStream", Send(kHeaders, 0, 1, Block("/echo")) + Closed(3), kProtocol},
        Case{"ContinuationOfAnotherStream",
             Send(kHeaders, 0, 1, Block("/echo")) + Send(kContinuation, 4, 3, ""), kProtocol},
        Case{"AFrameOfUnknownKind",
             Send(kHeaders, 0, 1, Block("/echo")) + Send(kUnknownKind, 0, 1, "x"), kProtocol},
        Case{"DataAfterAContinuation",
             Send(kHeaders, 0, 1, Block("/echo")) + Send(kContinuation, 0, 1, "") +
                 Send(kData, 1, 1, "x"),
             kProtocol}),
    NameOf);

INSTANTIATE_TEST_SUITE_P(
    AContinuationAfter, ConnectionErrorTest,
    ::testing::Values(
        Case{"TheEndOfAHeadersFrame", Open(1) + Send(kContinuation, 4, 1, ""), kProtocol},
        Case{"TheEndOfAContinuation",
             Send(kHeaders, 0, 1, Block("/never")) + Send(kContinuation, 4, 1, "") +
                 Send(kContinuation, 4, 1, ""),
             kProtocol},
        Case{"Data", Open(1) + Send(kData, 0, 1, "x") + Send(kContinuation, 4, 1, ""), kProtocol}),
    NameOf);

INSTANTIATE_TEST_SUITE_P(
    Malformed, ConnectionErrorTest,
    ::testing::Values(
        Case{"PaddingOfDataBeyondItsFrame", Open(1) + Send(kData, kPadded, 1, "\x09short"),
             kProtocol},
        Case{"PaddingOfHeadersBeyondTheirFrame",
             Send(kHeaders, kEndHeaders | kPadded, 1, "\xff" + Block("/echo")), kProtocol},
        Case{"AWindowUpdateOfNothing", WindowUpdate(0, 0), kProtocol},
        Case{"AWindowUpdateOfNothingOnAStream", Open(1) + WindowUpdate(1, 0), kProtocol},
        Case{"APushPromiseOfAClient",
             Open(1) + Send(kPushPromise, kEndHeaders, 1, Uint(2, 4) + Block("/echo")), kProtocol},
        Case{"AStreamThatDependsOnItself",
             Send(kHeaders, kEndHeaders | kHasPriority, 1, Uint(1, 4) + "\xff" + Block("/echo")),
             kProtocol}),
    NameOf);

INSTANTIATE_TEST_SUITE_P(
    Settings, ConnectionErrorTest,
    ::testing::Values(Case{"PushThatIsNeitherOnNorOff", Setting(2, 2), kProtocol},
                      Case{"AWindowAboveTheGreatest", Setting(4, 0x80000000), kFlowControl},
                      Case{"FramesBelowTheSmallestLimit", Setting(5, 16383), kProtocol},
                      Case{"FramesAboveTheGreatestLimit", Setting(5, 1 << 24), kProtocol}),
    NameOf);

INSTANTIATE_TEST_SUITE_P(FlowControl, ConnectionErrorTest,
                         ::testing::Values(Case{
                             "AConnectionWindowBeyondTheGreatest",
                             WindowUpdate(0, 0x7fffffff) + WindowUpdate(0, 0x7fffffff),
                             kFlowControl}),
                         NameOf);

INSTANTIATE_TEST_SUITE_P(
    HeaderCompression, ConnectionErrorTest,
    ::testing::Values(
        Case{"AStringBeyondItsBlock", Head(base::Bytes("\0\x7f\x0ashort", 8)), kCompression},
        Case{"AnIndexBeyondTheTables", Head(Block("/echo") + "\xc6"), kCompression},
        Case{"IndexZero", Head(Block("/echo") + "\x80"), kCompression},
        Case{"ATableSizeAtTheEndOfABlock", Head(Block("/echo") + "\x20"), kCompression},
        Case{"ATableSizeAboveOurLimit", Head("\x3f\xe2\x1f" + Block("/echo")), kCompression},
        Case{"HuffmanPaddingOfMoreThanSevenBits",
             Head(Block("/echo") + base::Bytes("\0\x01x\x82\x1f\xff", 6)), kCompression},
        Case{"HuffmanPaddingOfZeros", Head(Block("/echo") + base::Bytes("\0\x01x\x81\x18", 5)),
             kCompression},
        Case{"HuffmanWithTheSymbolForTheEnd",
             Head(Block("/echo") + base::Bytes("\0\x01x\x84\xff\xff\xff\xff", 8)), kCompression}),
    NameOf);

// ---- What ends one stream ----

using StreamErrorTest = ConformanceTest;

TEST_P(StreamErrorTest, EndsOnlyTheStreamWith) {
  const auto resets = client_.ReceivedFrames(kReset);
  ASSERT_EQ(resets.size(), 1u);
  EXPECT_EQ(resets[0].stream, 1u);
  EXPECT_EQ(Code(resets[0], 0), ExpectedCode());
  client_.Send(Closed(101));
  world_.Settle();
  EXPECT_EQ(client_.ReceivedFrames(kReset).size(), 1u);
  EXPECT_TRUE(client_.ReceivedFrames(kGoAway).empty());
  EXPECT_EQ(client_.ReceivedFrames(kHeaders).back().stream, 101u);
}

INSTANTIATE_TEST_SUITE_P(
    Frames, StreamErrorTest,
    ::testing::Values(
        Case{"AStreamWindowBeyondTheGreatest",
             Open(1) + WindowUpdate(1, 0x7fffffff) + WindowUpdate(1, 0x7fffffff), kFlowControl},
        Case{"AStreamWindowThatSettingsRaiseBeyondTheGreatest",
             Open(1) + WindowUpdate(1, 0x7fff0000) + Setting(4, 0x7fffffff), kFlowControl},
        Case{"ASecondHeadThatIsNotTheEnd",
             Open(1) + Send(kHeaders, kEndHeaders, 1, EncodeFields({{"x", "y"}})), kProtocol}),
    NameOf);

Case Request(const char* name, const Fields& fields) {
  return {name, Head(EncodeFields(fields)), kProtocol};
}
Case RequestAlsoWith(const char* name, const Fields& more) {
  return {name, Head(Block("/echo", more)), kProtocol};
}

INSTANTIATE_TEST_SUITE_P(
    PseudoFields, StreamErrorTest,
    ::testing::Values(
        RequestAlsoWith("AnUnknownOne", {{":test", "x"}}),
        RequestAlsoWith("OneOfAnswers", {{":status", "200"}}),
        RequestAlsoWith("OneAfterOtherFields", {{"x", "y"}, {":authority", "a"}}),
        RequestAlsoWith("TheMethodTwice", {{":method", "GET"}}),
        RequestAlsoWith("TheSchemeTwice", {{":scheme", "http"}}),
        RequestAlsoWith("ThePathTwice", {{":path", "/"}}),
        Request("NoMethod", {{":scheme", "http"}, {":path", "/"}}),
        Request("NoScheme", {{":method", "GET"}, {":path", "/"}}),
        Request("NoPath", {{":method", "GET"}, {":scheme", "http"}}),
        Request("AnEmptyPath", {{":method", "GET"}, {":scheme", "http"}, {":path", ""}}),
        Case{"OneInTrailers", Open(1) + Send(kHeaders, 5, 1, EncodeFields({{":method", "GET"}})),
             kProtocol}),
    NameOf);

INSTANTIATE_TEST_SUITE_P(
    Fields, StreamErrorTest,
    ::testing::Values(RequestAlsoWith("AnUpperCaseName", {{"X-Test", "x"}}),
                      RequestAlsoWith("ALineBreakInAValue", {{"x", "a\nb"}}),
                      RequestAlsoWith("OneOfAConnection", {{"connection", "keep-alive"}}),
                      RequestAlsoWith("CodingsOtherThanTrailers", {{"te", "trailers, deflate"}})),
    NameOf);

Case RequestOfLength(const char* name, const std::string& length, const base::Bytes& data) {
  return {name,
          Send(kHeaders, kEndHeaders, 1, Block("/never", {{"content-length", length}})) + data,
          kProtocol};
}

INSTANTIATE_TEST_SUITE_P(
    ContentLength, StreamErrorTest,
    ::testing::Values(RequestOfLength("MoreData", "1", Send(kData, 1, 1, "four")),
                      RequestOfLength("LessData", "9", Send(kData, 1, 1, "four")),
                      RequestOfLength("MoreDataInTwoFrames", "5",
                                      Send(kData, 0, 1, "four") + Send(kData, 1, 1, "four")),
                      RequestOfLength("TrailersBeforeAllData", "9",
                                      Send(kData, 0, 1, "four") +
                                          Send(kHeaders, 5, 1, EncodeFields({{"x", "y"}}))),
                      Case{"NoDataAtAll", Head(Block("/never", {{"content-length", "1"}})),
                           kProtocol}),
    NameOf);

// ---- What is allowed ----

using AllowedTest = ConformanceTest;

TEST_P(AllowedTest, GoesOnAfter) {
  client_.Send(Send(kPing, 0, 0, "go on..."));
  client_.Send(Send(kHeaders, kEndHeaders | kEndStream, 101, Block("/echo")));
  world_.Settle();
  ASSERT_FALSE(client_.ReceivedFrames(kPing).empty());
  EXPECT_EQ(client_.ReceivedFrames(kPing).back().payload, "go on...");
  EXPECT_EQ(client_.ReceivedFrames(kHeaders).back().stream, 101u);
  EXPECT_TRUE(client_.ReceivedFrames(kReset).empty());
  EXPECT_TRUE(client_.ReceivedFrames(kGoAway).empty());
}

INSTANTIATE_TEST_SUITE_P(
    OddFrames, AllowedTest,
    ::testing::Values(Case{"AnUnknownKind", Send(kUnknownKind, 0, 0, "8 bytes.")},
                      Case{"AnUnknownFlag", Send(kPing, 0x16, 0, "8 bytes.")},
                      Case{"TheReservedBit", Send(kPing, 0, 0x80000000, "8 bytes.")},
                      Case{"AnUnknownSetting", Setting(0xff, 1)},
                      Case{"APingAckThatNobodyAskedFor", Send(kPing, kAck, 0, "8 bytes.")},
                      Case{"AResetWithAnUnknownCode", Open(1) + Send(kReset, 0, 1, Uint(0xff, 4))},
                      Case{"PriorityOfAnIdleStream", Send(kPriority, 0, 7, Uint(0, 5))},
                      Case{"PriorityOfAClosedStream",
                           Closed(1) + Send(kPriority, 0, 1, Uint(0, 5))},
                      Case{"AResetOfAClosedStream", Closed(1) + Reset(1)},
                      Case{"AWindowUpdateOfAClosedStream", Closed(1) + WindowUpdate(1, 100)},
                      Case{"StreamsThatArePassedOver", Closed(1) + Closed(51)}),
    NameOf);

INSTANTIATE_TEST_SUITE_P(
    Requests, AllowedTest,
    ::testing::Values(
        Case{"TheLongestDataFrame", Open(1) + Send(kData, 0, 1, base::Bytes(16384, 'x'))},
        Case{"PaddedData", Open(1) + Send(kData, kPadded, 1, base::Bytes("\x02x\0\0", 4))},
        Case{"AHeadInThreePieces", Send(kHeaders, 0, 1, Block("/never")) +
                                       Send(kContinuation, 0, 1, EncodeFields({{"x", "y"}})) +
                                       Send(kContinuation, 4, 1, EncodeFields({{"y", "z"}}))},
        Case{"AHeadWithPriority", Send(kHeaders, kEndHeaders | kEndStream | kHasPriority, 1,
                                       Uint(0, 5) + Block("/never"))},
        Case{"Trailers", Open(1) + Send(kHeaders, 5, 1, EncodeFields({{"x", "y"}}))},
        Case{"AsMuchDataAsWasSaid",
             Send(kHeaders, kEndHeaders, 1, Block("/never", {{"content-length", "4"}})) +
                 Send(kData, 1, 1, "four")}),
    NameOf);

TEST(H2Conformance, WhatWasOnItsWayToAStreamThatWeResetIsPassedOver) {
  EchoService service;
  World world(&service);
  RawClient& client = world.ConnectRaw();
  client.SendPreface();
  client.Send(Send(kHeaders, kEndHeaders, 1, Block("/echo", {{"connection", "close"}})));
  world.Settle();
  ASSERT_EQ(client.ReceivedFrames(kReset).size(), 1u);
  client.Send(Send(kData, 0, 1, "late") + Send(kHeaders, 5, 1, EncodeFields({{"x", "y"}})));
  client.Send(Closed(3));
  world.Settle();
  EXPECT_EQ(client.ReceivedFrames(kReset).size(), 1u);
  EXPECT_TRUE(client.ReceivedFrames(kGoAway).empty());
  EXPECT_EQ(service.requests, 1);
}

// ---- Windows of the client ----

class ClientWindowTest : public ::testing::Test {
 protected:
  void Send(base::ByteView bytes) {
    client_.Send(bytes);
    world_.Settle();
  }
  base::Bytes ReceivedData() const {
    base::Bytes data;
    for (const Frame& frame : client_.ReceivedFrames(kData)) data += frame.payload;
    return data;
  }
  static base::Bytes Get(const std::string& path) {
    return Frame{kHeaders, kEndHeaders | kEndStream, 1, Block(path)}.Encode();
  }

  EchoService service_;
  World world_{&service_};
  RawClient& client_ = world_.ConnectRaw();
};

TEST_F(ClientWindowTest, AWindowOfOneByteGetsOneByte) {
  client_.SendPreface();
  Send(Setting(4, 1) + Get("/big/10"));
  EXPECT_EQ(ReceivedData().size(), 1u);
  Send(WindowUpdate(1, 4));
  EXPECT_EQ(ReceivedData().size(), 5u);
}

TEST_F(ClientWindowTest, SettingsOpenTheWindowsOfOpenStreams) {
  client_.SendPreface();
  Send(Setting(4, 0) + Get("/big/10"));
  EXPECT_EQ(ReceivedData().size(), 0u);
  Send(Setting(4, 3));
  EXPECT_EQ(ReceivedData().size(), 3u);
}

TEST_F(ClientWindowTest, AWindowThatBecameNegativeIsFilledUpFirst) {
  client_.SendPreface();
  Send(Setting(4, 3) + Get("/big/10"));
  EXPECT_EQ(ReceivedData().size(), 3u);
  Send(Setting(4, 2));  // now -1
  Send(WindowUpdate(1, 1));
  EXPECT_EQ(ReceivedData().size(), 3u);
  Send(WindowUpdate(1, 1));
  EXPECT_EQ(ReceivedData().size(), 4u);
}

TEST_F(ClientWindowTest, TheLastOfSeveralValuesOfASettingHolds) {
  client_.SendPreface();
  const base::Bytes both = Uint(4, 2) + Uint(100, 4) + Uint(4, 2) + Uint(1, 4);
  Send(Frame{kSettings, 0, 0, both}.Encode() + Get("/big/10"));
  EXPECT_EQ(ReceivedData().size(), 1u);
}

TEST_F(ClientWindowTest, SettingsAreAcknowledged) {
  client_.SendPreface();
  Send(Setting(4, 1));
  int acknowledged = 0;
  for (const Frame& frame : client_.ReceivedFrames(kSettings)) acknowledged += frame.flags & kAck;
  EXPECT_EQ(acknowledged, 2);
  EXPECT_EQ(client_.ReceivedFrames().front().kind, kSettings) << "the server's preface";
}

// ---- Windows of the server ----

TEST_F(ClientWindowTest, AClientThatOverrunsItsStreamsWindowLosesTheStream) {
  client_.SendPreface();
  base::Bytes bytes = Open(1);
  for (size_t sent = 0; sent <= Limits{}.stream_window; sent += 16384) {
    bytes += Frame{kData, 0, 1, base::Bytes(16384, 'x')}.Encode();
  }
  Send(bytes);
  ASSERT_EQ(client_.ReceivedFrames(kReset).size(), 1u);
  EXPECT_EQ(ReadUint(client_.ReceivedFrames(kReset)[0].payload),
            static_cast<uint32_t>(kFlowControl));
  EXPECT_LE(service_.last->received, Limits{}.stream_window);
  EXPECT_TRUE(client_.ReceivedFrames(kGoAway).empty());
}

TEST_F(ClientWindowTest, AGoAwayOfTheClientEndsTheConnectionWhenItsStreamsHave) {
  client_.SendPreface();
  Send(Open(1) + Frame{kGoAway, 0, 0, Uint(0, 4) + Uint(0xff, 4)}.Encode());
  EXPECT_FALSE(client_.ended());
  Send(Reset(1));
  EXPECT_TRUE(client_.ended());
}

}  // namespace
}  // namespace http::testing
