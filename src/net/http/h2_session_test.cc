#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>

#include "net/http/testing/world.h"
#include "net/http/work_slice.h"

namespace http::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Then = Exchange::Then;

TEST(H2Session, EchoesARequestWithTrailers) {
  EchoService service;
  World world(&service);
  Connection& client = world.ConnectHttp2();
  const auto call = world.Request(client, Then::kContinue);
  world.Do([&] { call->exchange->SendData(base::Bytes("hello"), Then::kEnd); });
  world.Settle();
  EXPECT_EQ(StatusCode(call->head), 200);
  EXPECT_EQ(call->data, "hello");
  EXPECT_EQ(call->trailers.Get("x-trailer"), "done");
  EXPECT_TRUE(call->closed);
  EXPECT_EQ(call->closing.kind, Closing::Kind::kComplete);
  EXPECT_EQ(service.last->closing.kind, Closing::Kind::kComplete);
}

TEST(H2Session, CarriesManyParallelExchanges) {
  EchoService service;
  World world(&service);
  Connection& client = world.ConnectHttp2();
  world.Settle();
  std::vector<std::shared_ptr<RecordingHandler>> calls;
  for (int i = 0; i < 500; ++i) {
    calls.push_back(world.Request(client, Then::kContinue));
    world.Do([&] { calls.back()->exchange->SendData(base::Bytes(std::to_string(i)), Then::kEnd); });
  }
  world.Settle();
  for (int i = 0; i < 500; ++i) EXPECT_EQ(calls[i]->data, std::to_string(i));
  EXPECT_EQ(world.counters().streams_open.value(), 0u);
}

TEST(H2Session, CarriesTwentyMegabytesBothWays) {
  EchoService service;
  World world(&service);
  Connection& client = world.ConnectHttp2();
  const auto call = world.Request(client, Then::kContinue);
  base::Bytes sent;
  for (int i = 0; i < 20; ++i) sent += base::Bytes(1 << 20, static_cast<char>('a' + i));
  world.Do([&] { call->exchange->SendData(sent, Then::kEnd); });
  world.RunFor(seconds(30));
  EXPECT_TRUE(call->data == sent);
  EXPECT_TRUE(call->closed);
}

TEST(H2Session, AReaderThatDoesNotConsumeStopsTheSender) {
  EchoService service;
  World world(&service);
  Connection& client = world.ConnectHttp2();
  const auto stalled = world.Request(client, Then::kContinue, "/never");
  world.Do([&] { stalled->exchange->SendData(base::Bytes(4 << 20, 'x'), Then::kEnd); });
  world.RunFor(seconds(5));
  EXPECT_FALSE(stalled->exchange->writable());
  EXPECT_EQ(service.last->received, Limits{}.stream_window);
  // Other exchanges of the connection are not held up.
  const auto other = world.Request(client, Then::kContinue);
  world.Do([&] { other->exchange->SendData(base::Bytes("hello"), Then::kEnd); });
  world.Settle();
  EXPECT_EQ(other->data, "hello");
}

TEST(H2Session, TellsAProducerWhenItMayGoOn) {
  EchoService service;
  World world(&service);
  Connection& client = world.ConnectHttp2();
  const auto call = world.Request(client, Then::kContinue);
  world.Do([&] { call->exchange->SendData(base::Bytes(1 << 20, 'x'), Then::kContinue); });
  EXPECT_FALSE(call->exchange->writable());
  world.RunFor(seconds(5));
  EXPECT_TRUE(call->exchange->writable());
  EXPECT_EQ(call->writable_events, 1);
  EXPECT_EQ(call->exchange->unsent_bytes(), 0u);
}

TEST(H2Session, WithholdsTheConnectionWindowWhenTooMuchIsUnconsumed) {
  EchoService service;
  Server::Options options;
  options.limits.max_unconsumed = 512 * 1024;
  World world(&service, options);
  Connection& client = world.ConnectHttp2();
  std::vector<std::shared_ptr<RecordingHandler>> calls;
  for (int i = 0; i < 16; ++i) {
    calls.push_back(world.Request(client, Then::kContinue, "/never"));
    world.Do([&] { calls.back()->exchange->SendData(base::Bytes(1 << 20, 'x'), Then::kEnd); });
  }
  world.RunFor(seconds(5));
  // 16 stream windows are 4 MiB; what arrived is the bound and one connection window.
  EXPECT_LE(world.counters().bytes_received.value(),
            options.limits.max_unconsumed + options.limits.connection_window + 65536);
}

TEST(H2Session, AsksTheClientToStopOnlyAfterTheAnswerIsOut) {
  // A service that answers before the request has ended.
  class EarlyService final : public Service {
   public:
    std::shared_ptr<ExchangeHandler> OnRequest(Exchange& exchange) override {
      static const Headers kTrailersOnly = {{":status", "200"}, {"grpc-status", "12"}};
      exchange.SendHead(kTrailersOnly, Then::kEnd);
      return std::make_shared<IgnoringHandler>(&exchange);
    }
  } service;
  World world(&service);
  RawClient& client = world.ConnectRaw();
  client.SendPreface();
  client.Send(RequestFrame(1, /*ended=*/false));
  world.Settle();
  std::vector<Frame> on_stream;
  for (const Frame& frame : client.ReceivedFrames()) {
    if (frame.stream == 1) on_stream.push_back(frame);
  }
  ASSERT_EQ(on_stream.size(), 2u);
  EXPECT_EQ(on_stream[0].kind, kHeaders);
  EXPECT_TRUE((on_stream[0].flags & kEndStream) != 0);
  EXPECT_EQ(on_stream[1].kind, kReset);
  EXPECT_EQ(ReadUint(on_stream[1].payload), static_cast<uint32_t>(ErrorCode::kNoError));
}

// Some hundred heads that are small on the wire and 60 KiB each for who reads them.
base::Bytes ExpensiveHeads(int count) {
  base::Bytes bytes;
  for (int i = 0; i < count; ++i) {
    Frame head = RequestFrame(static_cast<uint32_t>(2 * i + 1), /*ended=*/false, "/never");
    head.payload += i == 0 ? HeaderBomb(15) : base::Bytes(15, static_cast<char>(0x80 | 62));
    bytes += head.Encode();
  }
  return bytes;
}

TEST(H2Session, WhatAConnectionAsksOfATurnIsBounded) {
  EchoService service;
  World world(&service);
  RawClient& attacker = world.ConnectRaw();
  Connection& honest = world.ConnectHttp2();
  world.Settle();
  attacker.SendPreface();
  attacker.Send(ExpensiveHeads(500));
  const auto call = world.Request(honest, Then::kContinue);
  world.client_loop().Post(
      [&] { call->exchange->SendData(base::Bytes("fine"), Exchange::Then::kEnd); });
  size_t longest_turn = 0;
  size_t before = 0;
  // An event of another connection waits for a turn at most.
  for (int turn = 0; turn < 1000 && world.scheduler().Step(); ++turn) {
    const size_t read = world.counters().header_bytes_received.value();
    longest_turn = std::max(longest_turn, read - std::exchange(before, read));
  }
  EXPECT_GT(before, 500u * 60 * 1024);
  // The event, and one slice after it.
  EXPECT_LE(longest_turn, 2 * (WorkSlice::kWorkMax + 2 * kBombFieldBytes));
  world.Settle();
  EXPECT_EQ(call->data, "fine");
}

TEST(H2Session, ARequestThatEndsWithItsSliceIsServed) {
  // Slices end at any field and at any piece of data: also at the last byte that was sent.
  for (size_t first = 0; first < 20; ++first) {
    EchoService service;
    World world(&service);
    RawClient& client = world.ConnectRaw();
    client.SendPreface();
    base::Bytes bytes;
    uint32_t id = 1;
    for (size_t i = 0; i < WorkSlice::kWorkMax / WorkSlice::kRequestWork - first; ++i, id += 2) {
      bytes += RequestFrame(id, /*ended=*/true).Encode();
    }
    client.Send(bytes + RequestFrame(id, false).Encode() + Frame{kData, 0, id, "h"}.Encode());
    world.Settle();
    client.Send(Frame{kData, kEndStream, id, "i"});
    world.Settle();
    EXPECT_EQ(service.requests, static_cast<int>(id / 2 + 1));
    EXPECT_EQ(service.closed, service.requests);
  }
}

TEST(H2Session, ReportsAResetByTheClient) {
  EchoService service;
  World world(&service);
  Connection& client = world.ConnectHttp2();
  const auto call = world.Request(client, Then::kContinue);
  world.Settle();
  world.Do([&] { call->exchange->Reset(ErrorCode::kCancel); });
  world.Settle();
  EXPECT_TRUE(call->closed);
  EXPECT_EQ(service.last->closing.kind, Closing::Kind::kReset);
  EXPECT_EQ(service.last->closing.code, ErrorCode::kCancel);
}

TEST(H2Session, ResettingWithQueuedDataFreesIt) {
  EchoService service;
  World world(&service);
  Connection& client = world.ConnectHttp2();
  const auto call = world.Request(client, Then::kEnd, "/big/8000000", /*consume=*/false);
  world.Settle();
  EXPECT_GT(service.last->exchange->unsent_bytes(), 0u);
  world.Do([&] { call->exchange->Reset(ErrorCode::kCancel); });
  world.Settle();
  EXPECT_TRUE(service.last->closed);
  const auto other = world.Request(client, Then::kEnd, "/big/100000");
  world.Settle();
  EXPECT_EQ(other->data.size(), 100000u);
}

TEST(H2Session, AConnectionLossClosesEveryExchange) {
  EchoService service;
  World world(&service);
  base::Status lost;
  Connection& client = world.ConnectHttp2(&lost);
  const auto first = world.Request(client, Then::kContinue);
  const auto second = world.Request(client, Then::kContinue);
  world.Settle();
  world.wires().Break("client", "server");
  world.Settle();
  EXPECT_EQ(first->closing.kind, Closing::Kind::kConnectionLost);
  EXPECT_EQ(second->closing.kind, Closing::Kind::kConnectionLost);
  EXPECT_EQ(service.closed, 2);
  EXPECT_FALSE(lost.ok());
  EXPECT_EQ(world.server().connection_count(), 0u);
}

TEST(H2Session, ServerKeepaliveEndsADeadConnection) {
  EchoService service;
  Server::Options options;
  options.keepalive.interval = seconds(10);
  options.keepalive.timeout = seconds(5);
  World world(&service, options);
  world.ConnectHttp2();
  world.RunFor(seconds(60));
  EXPECT_EQ(world.server().connection_count(), 1u) << "a client that answers pings stays";
  world.wires().Cut("client", "server");
  world.RunFor(seconds(17));
  EXPECT_EQ(world.server().connection_count(), 0u);
  EXPECT_EQ(world.counters().keepalive_timeouts.value(), 1u);
}

TEST(H2Session, DrainingServesWhatIsOpenAndThenCloses) {
  EchoService service;
  World world(&service);
  base::Status lost;
  Connection& client = world.ConnectHttp2(&lost);
  const auto call = world.Request(client, Then::kContinue);
  world.Settle();
  bool drained = false;
  world.DoAtServer([&] { world.server().Drain([&drained] { drained = true; }); });
  world.RunFor(seconds(3));
  EXPECT_TRUE(client.client_session().draining());
  EXPECT_FALSE(client.client_session().CanRequest());
  EXPECT_FALSE(drained);
  world.Do([&] { call->exchange->SendData(base::Bytes("last words"), Then::kEnd); });
  world.RunFor(seconds(3));
  EXPECT_EQ(call->data, "last words");
  EXPECT_EQ(call->closing.kind, Closing::Kind::kComplete);
  EXPECT_TRUE(drained);
  EXPECT_FALSE(lost.ok());
}

TEST(H2Session, NothingIsServedThatTheLastGoAwayLeavesOut) {
  EchoService service;
  World world(&service);
  RawClient& client = world.ConnectRaw();
  client.SendPreface();
  client.Send(RequestFrame(1, true));
  world.Settle();
  ASSERT_EQ(service.requests, 1);
  world.DoAtServer([&] { world.server().Drain(nullptr); });
  world.RunFor(milliseconds(20));
  const auto pings = client.ReceivedFrames(kPing);
  ASSERT_EQ(pings.size(), 1u);
  // The request comes with what has the server name the last one.
  client.Send(Frame{kPing, kAck, 0, pings[0].payload}.Encode() + RequestFrame(3, true).Encode());
  world.RunFor(milliseconds(20));
  const auto goaways = client.ReceivedFrames(kGoAway);
  ASSERT_EQ(goaways.size(), 2u);
  EXPECT_EQ(ReadUint(goaways[1].payload.substr(0, 4)), 1u);
  EXPECT_EQ(service.requests, 1);
  EXPECT_EQ(client.GoAwayText(), "");
}

TEST(H2Session, DrainingServesARequestThatWasOnItsWay) {
  EchoService service;
  World world(&service);
  Connection& client = world.ConnectHttp2();
  world.Settle();
  world.DoAtServer([&] { world.server().Drain(nullptr); });
  const auto call = world.Request(client, Then::kContinue);
  world.Do([&] { call->exchange->SendData(base::Bytes("in flight"), Then::kEnd); });
  world.Settle();
  EXPECT_EQ(call->data, "in flight");
}

TEST(H2Session, RefusesStreamsAboveTheLimit) {
  EchoService service;
  Server::Options options;
  options.limits.max_concurrent_streams = 2;
  World world(&service, options);
  RawClient& client = world.ConnectRaw();
  client.SendPreface();
  for (uint32_t id = 1; id <= 5; id += 2) client.Send(RequestFrame(id, /*ended=*/false, "/never"));
  world.Settle();
  EXPECT_EQ(service.requests, 2);
  const auto resets = client.ReceivedFrames(kReset);
  ASSERT_EQ(resets.size(), 1u);
  EXPECT_EQ(resets[0].stream, 5u);
  EXPECT_EQ(ReadUint(resets[0].payload), static_cast<uint32_t>(ErrorCode::kRefusedStream));
}

TEST(H2Session, GivingUpAStreamThatWasNotOpenedYetHarmsNoOther) {
  // A client sends whole frames, whatever a packet has room for.
  for (const size_t cut : {0, 13, 26}) {
    EchoService service;
    World world(&service);
    RawClient& client = world.ConnectRaw();
    client.SendPreface();
    client.Send(RequestFrame(1, /*ended=*/true));
    const Frame reset = {kReset, 0, 5, std::string("\0\0\0\x8", 4)};
    const base::Bytes bytes = reset.Encode() + Frame{kReset, 0, 7, reset.payload}.Encode() +
                              RequestFrame(9, /*ended=*/true).Encode();
    client.Send(bytes.substr(0, cut));
    world.Settle();
    client.Send(bytes.substr(cut));
    world.Settle();
    EXPECT_EQ(service.requests, 2) << cut;
    EXPECT_EQ(world.counters().protocol_errors.value(), 0u) << cut;
    EXPECT_FALSE(client.ended()) << cut;
  }
}

TEST(H2Session, AnswersAHeadThatIsTooLargeWith431) {
  EchoService service;
  Server::Options options;
  options.limits.max_header_list_size = 16 * 1024;
  World world(&service, options);
  Connection& client = world.ConnectHttp2();
  auto handler = std::make_shared<RecordingHandler>();
  Headers head = {
      {":method", "POST"}, {":scheme", "http"}, {":path", "/echo"}, {":authority", "server"}};
  for (int i = 0; i < 4; ++i) head.Add("x-large-" + std::to_string(i), base::Bytes(8000, 'x'));
  world.Do(
      [&] { handler->exchange = &client.client_session().Request(head, Then::kEnd, handler); });
  world.Settle();
  EXPECT_EQ(StatusCode(handler->head), 431);
  EXPECT_EQ(service.requests, 0);
  EXPECT_EQ(world.abuse(Abuse::kHeaderListTooLarge), 1u);
}

// A request with so many further fields, each with a value of so many bytes, in as many frames as
// that takes.
base::Bytes LongRequest(uint32_t stream, int count, size_t size) {
  std::vector<std::pair<std::string, std::string>> fields = {
      {":method", "POST"}, {":scheme", "http"}, {":path", "/echo"}, {":authority", "server"}};
  for (int i = 0; i < count; ++i) fields.emplace_back("x-field", std::string(size, '~'));
  const base::Bytes block = EncodeFields(fields);
  base::Bytes frames;
  for (size_t at = 0; at < block.size(); at += 16'384) {
    const bool is_last = at + 16'384 >= block.size();
    const auto flags =
        static_cast<uint8_t>((at == 0 ? kEndStream : 0) | (is_last ? kEndHeaders : 0));
    frames +=
        Frame{at == 0 ? kHeaders : kContinuation, flags, stream, block.substr(at, 16'384)}.Encode();
  }
  return frames;
}

TEST(H2Session, ARequestWithATokenOfAMegabyteIsServedAsOneWithAnother) {
  for (const size_t piece : {7, 1000, 2'000'000}) {
    EchoService service;
    World world(&service);
    RawClient& client = world.ConnectRaw();
    client.SendPreface();
    const base::Bytes bytes = RequestFrame(1, /*ended=*/true).Encode() +
                              LongRequest(3, 1, 1'000'000) +
                              RequestFrame(5, /*ended=*/true).Encode();
    for (size_t at = 0; at < bytes.size(); at += piece) {
      client.Send(base::ByteView(bytes).substr(at, piece));
      if (piece < 1000 ? at % 7000 == 0 : true) world.RunFor(std::chrono::milliseconds(1));
    }
    world.Settle();
    EXPECT_EQ(service.requests, 3) << piece;
    EXPECT_FALSE(client.ended()) << piece;
    client.Close();
    world.RunFor(seconds(3));
    EXPECT_EQ(world.server().held_bytes(), 0u);
  }
}

TEST(H2Session, AHeadAsLongAsIsAnnouncedHarmsNoOtherRequest) {
  EchoService service;
  World world(&service);
  RawClient& client = world.ConnectRaw();
  client.SendPreface();
  client.Send(RequestFrame(1, /*ended=*/false));
  client.Send(LongRequest(3, 1900, 1000));
  world.Settle();
  EXPECT_EQ(service.requests, 1);
  EXPECT_EQ(world.abuse(Abuse::kHeaderListTooLarge), 1u) << "431";
  EXPECT_FALSE(client.ended());
}

TEST(H2Session, AHeaderBlockThatDoesNotEndEndsTheConnection) {
  EchoService service;
  World world(&service);
  RawClient& client = world.ConnectRaw();
  client.SendPreface();
  client.Send(LongRequest(1, 1, 2 * 1024 * 1024));
  world.Settle();
  EXPECT_EQ(service.requests, 0);
  EXPECT_TRUE(client.ended());
  EXPECT_EQ(world.abuse(Abuse::kHeaderListTooLarge), 1u);
}

TEST(H2Session, HalfAFrameOfALongHeaderBlockIsGivenBackWithTheConnection) {
  EchoService service;
  World world(&service);
  RawClient& client = world.ConnectRaw();
  client.SendPreface();
  client.Send(base::ByteView(LongRequest(1, 1, 100'000)).substr(0, 40'000));
  world.Settle();
  EXPECT_GT(world.server().held_bytes(), 0u);
  client.Close();
  world.RunFor(seconds(3));
  EXPECT_EQ(world.server().held_bytes(), 0u);
}

TEST(H2Session, AnInvalidPrefaceOrFrameEndsTheConnection) {
  const std::vector<base::Bytes> bad = {
      Frame{kData, 0, 0, "data on stream 0"}.Encode(),
      Frame{kHeaders, kEndHeaders, 2, EncodeFields({{":method", "GET"}})}.Encode(),
      Frame{kPing, 0, 0, "short"}.Encode(),
      Frame{kSettings, 0, 0, "12345"}.Encode(),
      Frame{kWindowUpdate, 0, 0, std::string(4, '\0')}.Encode(),
      Frame{kHeaders, kEndHeaders, 1, "\xff\xff\xff\xff\xff\xff"}.Encode(),
      Frame{kContinuation, kEndHeaders, 1, ""}.Encode(),
  };
  for (const base::Bytes& bytes : bad) {
    EchoService service;
    World world(&service);
    RawClient& client = world.ConnectRaw();
    client.SendPreface();
    client.Send(bytes);
    world.Settle();
    EXPECT_FALSE(client.ReceivedFrames(kGoAway).empty());
    EXPECT_TRUE(client.ended());
    client.Close();
    world.RunFor(seconds(3));
    EXPECT_EQ(world.server().connection_count(), 0u);
    EXPECT_EQ(world.counters().protocol_errors.value(), 1u);
  }
}

TEST(H2Session, AHeaderBlockThatNeverEndsIsCutOff) {
  EchoService service;
  World world(&service);
  RawClient& client = world.ConnectRaw();
  client.SendPreface();
  Frame open = RequestFrame(1, false);
  open.flags = 0;
  client.Send(open);
  world.RunFor(Limits{}.header_timeout + seconds(3));
  EXPECT_EQ(world.abuse(Abuse::kSlowHeaders), 1u);
  EXPECT_EQ(world.server().connection_count(), 0u);
}

TEST(H2Session, AClientThatNeverSpeaksIsCutOff) {
  EchoService service;
  World world(&service);
  world.ConnectRaw();
  world.ConnectRaw().Send("PRI * HTTP/2.0\r\n");
  world.ConnectRaw().Send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
  EXPECT_EQ(world.server().connection_count(), 3u);
  world.RunFor(Limits{}.handshake_timeout + seconds(3));
  EXPECT_EQ(world.abuse(Abuse::kSlowHandshake), 3u);
  EXPECT_EQ(world.server().connection_count(), 0u);
}

TEST(H2Session, APeerThatStopsReadingIsCutOffWhenMuchWaits) {
  EchoService service;
  Server::Options options;
  options.budget.connection_bytes = 4 << 20;
  World world(&service, options);
  RawClient& client = world.ConnectRaw();
  client.SendPreface();
  client.Send(RequestFrame(1, true, "/big/4000000"));
  world.RunFor(options.limits.stall_timeout + seconds(5));
  EXPECT_EQ(world.abuse(Abuse::kStalledReader), 1u);
  EXPECT_EQ(world.server().connection_count(), 0u);
}

TEST(H2Session, AClientThatLeavesAfterThePrefaceIsForgotten) {
  EchoService service;
  World world(&service);
  RawClient& client = world.ConnectRaw();
  client.Send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
  world.RunFor(seconds(1));
  client.Close();
  world.RunFor(seconds(3));
  EXPECT_EQ(world.server().connection_count(), 0u);
}

TEST(H2Session, AFarewellThatIsNotReadDoesNotKeepTheConnection) {
  EchoService service;
  World world(&service);
  RawClient& client = world.ConnectRaw();
  client.PauseReading();
  client.SendPreface();
  client.Send(StreamWindows(0x7fffffff));
  client.Send(WiderWindow(0, 0x7f000000));
  client.Send(RequestFrame(1, true, "/big/4000000"));
  world.Settle();
  client.Send(Frame{kData, 0, 0, "on stream 0"});
  world.RunFor(Limits{}.stall_timeout + seconds(5));
  EXPECT_EQ(world.server().connection_count(), 0u);
  EXPECT_TRUE(service.last->closed);
}

TEST(H2Session, RefusesConnectionsAboveTheLimit) {
  EchoService service;
  Server::Options options;
  options.limits.max_connections = 2;
  World world(&service, options);
  for (int i = 0; i < 3; ++i) world.ConnectRaw();
  world.Settle();
  EXPECT_EQ(world.server().connection_count(), 2u);
  EXPECT_EQ(world.abuse(Abuse::kTooManyConnections), 1u);
}

}  // namespace
}  // namespace http::testing
