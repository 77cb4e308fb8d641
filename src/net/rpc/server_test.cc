#include "net/rpc/server.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "net/http/h2_stream.h"
#include "net/http/plain.h"
#include "net/http/testing/world.h"
#include "net/rpc/encoding.h"
#include "net/rpc/gzip.h"
#include "net/rpc/testing/interop_service.h"

namespace rpc::testing {
namespace {

using http::Connection;
using http::Exchange;
using http::Headers;
using http::testing::RecordingHandler;
using http::testing::World;
using std::chrono::milliseconds;
using std::chrono::seconds;
using std::string_literals::operator""s;
using Then = http::Exchange::Then;

// Forwards to the service table, which exists once there is a loop.
class Forward final : public http::Service {
 public:
  std::shared_ptr<http::ExchangeHandler> OnRequest(Exchange& exchange) override {
    return to->OnRequest(exchange);
  }
  http::Service* to = nullptr;
};

// A gRPC service in virtual time, and an HTTP/2 client that speaks gRPC by hand.
class RpcServerTest : public ::testing::Test {
 protected:
  RpcServerTest() : client_(world_.ConnectHttp2()) {
    AddInteropService(server_, &state_);
    forward_.to = &server_;
    world_.Settle();
  }
  ~RpcServerTest() override { world_.DestroyServer(); }

  using Fields = std::vector<Headers::Field>;
  std::shared_ptr<RecordingHandler> Begin(const std::string& method, const Fields& fields = {},
                                          bool consume = true) {
    Headers head = {{":method", "POST"},
                    {":scheme", "http"},
                    {":path", "/cornerstore.interop.Interop/" + method},
                    {":authority", "server"},
                    {"te", "trailers"}};
    bool has_type = false;
    for (const auto& field : fields) has_type = has_type || field.name == "content-type";
    if (!has_type) head.Add("content-type", "application/grpc");
    for (const auto& field : fields) head.Add(field.name, field.value);
    auto call = std::make_shared<RecordingHandler>(consume);
    world_.Do(
        [&] { call->exchange = &client_.client_session().Request(head, Then::kContinue, call); });
    return call;
  }
  void Send(RecordingHandler& call, base::Bytes bytes, bool last) {
    world_.Do([&] {
      if (call.exchange == nullptr) return;
      call.exchange->SendData(std::move(bytes), last ? Then::kEnd : Then::kContinue);
    });
  }
  static base::Bytes Frame(base::ByteView message) { return Message(message).TakeFrame(); }

  std::shared_ptr<RecordingHandler> Call(const std::string& method, const InteropRequest& request,
                                         const Fields& fields = {}) {
    const auto call = Begin(method, fields);
    Send(*call, Frame(request.Encode()), true);
    world_.Settle();
    return call;
  }
  // Sends `bytes` as the body of a unary call.
  std::shared_ptr<RecordingHandler> CallRaw(const base::Bytes& bytes, const Fields& fields = {}) {
    const auto call = Begin("Unary", fields);
    Send(*call, bytes, true);
    world_.Settle();
    return call;
  }

  // "code message", from trailers or from a trailers-only head.
  static std::string StatusOf(const RecordingHandler& call) {
    const Headers& fields = call.trailers.empty() ? call.head : call.trailers;
    return std::string(fields.Get("grpc-status")) + " " + PercentDecode(fields.Get("grpc-message"));
  }
  static std::vector<InteropReply> Replies(const RecordingHandler& call) {
    std::vector<InteropReply> replies;
    MessageReader reader(100 << 20);
    base::ByteView rest = call.data;
    for (;;) {
      const auto read = reader.Read(&rest);
      if (!read.ok() || !*read) break;
      base::Bytes plain(reader.message());
      if (reader.compressed()) plain = GzipDecompress(plain, 100 << 20).value();
      EXPECT_TRUE(replies.emplace_back().Parse(plain));
    }
    EXPECT_TRUE(rest.empty() && !reader.InsideMessage());
    return replies;
  }
  Method& method(size_t position) { return *server_.methods()[position]; }

  Forward forward_;
  World world_{&forward_};
  http::PlainService plain_{1000};
  Server server_{&world_.server_loop(), &plain_, MessageLimits{}};
  testing::InteropState state_;
  Connection& client_;
};

TEST_F(RpcServerTest, AnswersAUnaryCall) {
  const auto call = Call("Unary", {.payload = "hello"});
  EXPECT_EQ(http::StatusCode(call->head), 200);
  EXPECT_EQ(call->head.Get("content-type"), "application/grpc");
  ASSERT_EQ(Replies(*call).size(), 1u);
  EXPECT_EQ(Replies(*call)[0].payload, "hello");
  EXPECT_EQ(StatusOf(*call), "0 ");
  EXPECT_EQ(method(0).counters.started.value(), 1u);
  EXPECT_EQ(method(0).counters.handled[0].value(), 1u);
}

TEST_F(RpcServerTest, EncodesOddErrorTexts) {
  const std::string odd = "50% of \xc3\xa9t\xc3\xa9\nand a tab\t";
  const auto call = Call("Unary", {.code = 9, .message = odd});
  EXPECT_EQ(StatusOf(*call), "9 " + odd);
  EXPECT_EQ(call->head.Get("grpc-message"), "50%25 of %C3%A9t%C3%A9%0Aand a tab%09");
  EXPECT_TRUE(call->trailers.empty()) << "trailers only";
}

TEST_F(RpcServerTest, ReadsAMessageThatArrivesInPieces) {
  const auto call = Begin("Unary");
  for (const char byte : Frame(InteropRequest{.payload = "in pieces"}.Encode())) {
    Send(*call, base::Bytes(1, byte), false);
    world_.RunFor(milliseconds(2));
  }
  Send(*call, "", true);
  world_.Settle();
  EXPECT_EQ(Replies(*call)[0].payload, "in pieces");
}

TEST_F(RpcServerTest, StreamsToTheClientUnderFlowControl) {
  const auto call = Begin("ServerStream", {}, /*consume=*/false);
  Send(*call, Frame(InteropRequest{.count = 2000, .size = 10'000}.Encode()), true);
  world_.RunFor(seconds(5));
  EXPECT_LE(call->data.size(), http::Limits{}.stream_window) << "the reader has stopped";
  EXPECT_LT(method(1).counters.messages_sent.value(), 200u) << "so the producer has";
  const size_t before = call->data.size();
  world_.Do([&] { call->exchange->Consume(before); });
  world_.RunFor(seconds(5));
  EXPECT_GT(call->data.size(), before);
}

TEST_F(RpcServerTest, StreamsTwentyMegabytes) {
  const auto call = Begin("ServerStream");
  Send(*call, Frame(InteropRequest{.count = 20, .size = 1 << 20}.Encode()), true);
  world_.RunFor(seconds(30));
  const auto replies = Replies(*call);
  ASSERT_EQ(replies.size(), 20u);
  for (const auto& reply : replies) EXPECT_EQ(reply.payload.size(), 1u << 20);
  EXPECT_EQ(StatusOf(*call), "0 ");
}

TEST_F(RpcServerTest, CountsTwentyThousandMessagesFromTheClient) {
  const auto call = Begin("ClientStream");
  base::Bytes frames;
  for (int i = 0; i < 20'000; ++i) frames += Frame(InteropRequest{.payload = "abc"}.Encode());
  Send(*call, frames, true);
  world_.RunFor(seconds(5));
  ASSERT_EQ(Replies(*call).size(), 1u);
  EXPECT_EQ(Replies(*call)[0].messages, 20'000);
  EXPECT_EQ(Replies(*call)[0].bytes, 60'000);
}

// Counts the messages of a call, and how many of them had come when the loop had its next turn
// after the first.
class TurnCounter final : public CallHandler {
 public:
  struct Counts {
    int messages = 0;
    int before_next_turn = 0;
    bool ended = false;
  };
  TurnCounter(runtime::Loop* loop, Counts* counts) : loop_(*loop), counts_(*counts) {}

  void OnMessage(base::ByteView) override {
    if (++counts_.messages > 1) return;
    loop_.Post([&counts = counts_] { counts.before_next_turn = counts.messages; });
  }
  void OnHalfClose() override { counts_.ended = true; }

 private:
  runtime::Loop& loop_;
  Counts& counts_;
};

TEST_F(RpcServerTest, MessagesThatComeTogetherLeaveOthersTheirTurn) {
  TurnCounter::Counts counts;
  server_.AddStreaming("cornerstore.interop.Interop", "Turns", Kind::kBidiStreaming,
                       [&](const std::shared_ptr<ServerCall>&) {
                         return std::make_unique<TurnCounter>(&world_.server_loop(), &counts);
                       });
  const auto call = Begin("Turns");
  base::Bytes frames;
  for (int i = 0; i < 1000; ++i) frames += Frame(InteropRequest{.payload = "abc"}.Encode());
  Send(*call, frames, true);
  world_.Settle();
  EXPECT_GT(counts.before_next_turn, 0);
  EXPECT_LE(counts.before_next_turn, 100);
  EXPECT_EQ(counts.messages, 1000);
  EXPECT_TRUE(counts.ended);
}

TEST_F(RpcServerTest, EchoesBothWays) {
  const auto call = Begin("BidiStream");
  for (int i = 0; i < 100; ++i) {
    Send(*call, Frame(InteropRequest{.payload = std::to_string(i)}.Encode()), i == 99);
    world_.RunFor(milliseconds(1));
  }
  world_.Settle();
  const auto replies = Replies(*call);
  ASSERT_EQ(replies.size(), 100u);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(replies[i].payload, std::to_string(i));
  EXPECT_EQ(StatusOf(*call), "0 ");
}

TEST_F(RpcServerTest, AnEchoThatIsNotReadStopsReading) {
  const auto call = Begin("BidiStream", {}, /*consume=*/false);
  base::Bytes frames;
  for (int i = 0; i < 400; ++i) {
    frames += Frame(InteropRequest{.payload = base::Bytes(10'000, 'x')}.Encode());
  }
  Send(*call, frames, true);
  world_.RunFor(seconds(5));
  EXPECT_LT(method(3).counters.messages_received.value(), 150u);
  // Once it is read, all come.
  size_t consumed = 0;
  for (int i = 0; i < 200 && !call->closed; ++i) {
    world_.Do([&] {
      if (call->exchange == nullptr) return;
      call->exchange->Consume(call->data.size() - consumed);
      consumed = call->data.size();
    });
    world_.RunFor(milliseconds(100));
  }
  EXPECT_EQ(Replies(*call).size(), 400u);
}

TEST_F(RpcServerTest, EnforcesTheDeadline) {
  const auto call = Begin("Unary", {{"grpc-timeout", "300m"}});
  Send(*call, Frame(InteropRequest{.hang = true}.Encode()), true);
  world_.RunFor(milliseconds(250));
  EXPECT_FALSE(call->closed);
  world_.RunFor(milliseconds(100));
  EXPECT_EQ(StatusOf(*call), "4 context deadline exceeded");
  ASSERT_EQ(state_.hanging.size(), 1u);
  EXPECT_FALSE(state_.hanging[0]->is_open());
  state_.hanging[0]->Reply(Message("too late"));
  world_.Settle();
  EXPECT_EQ(call->data, "");
}

TEST_F(RpcServerTest, TellsHowLongEachCallTook) {
  std::vector<std::string> told;
  server_.SetOnEnded([&](const Method& method, const Method::Ended& ended) {
    EXPECT_TRUE(ended.call.is_open());
    EXPECT_FALSE(ended.call.connection().peer.ToString().empty());
    told.push_back(method.name + " " + std::to_string(static_cast<int>(ended.code)) +
                   (ended.took >= milliseconds(50) ? " slow" : " quick"));
  });
  Call("Unary", {.size = 1});
  const auto late = Call("Unary", {.hang = true}, {{"grpc-timeout", "50m"}});
  world_.RunFor(seconds(1));
  const auto given_up = Call("Unary", {.hang = true});
  world_.Do([&] { given_up->exchange->Reset(http::ErrorCode::kCancel); });
  world_.Settle();
  EXPECT_EQ(told, (std::vector<std::string>{"Unary 0 quick", "Unary 4 slow", "Unary 1 slow"}));
}

TEST_F(RpcServerTest, ManyDeadlinesExpireInOrder) {
  std::vector<std::shared_ptr<RecordingHandler>> calls;
  for (const int millis : {500, 100, 300, 200, 400}) {
    calls.push_back(Begin("Unary", {{"grpc-timeout", std::to_string(millis) + "m"}}));
    Send(*calls.back(), Frame(InteropRequest{.hang = true}.Encode()), true);
  }
  world_.RunFor(milliseconds(350));
  EXPECT_FALSE(calls[0]->closed);
  EXPECT_TRUE(calls[1]->closed);
  EXPECT_TRUE(calls[2]->closed);
  EXPECT_TRUE(calls[3]->closed);
  EXPECT_FALSE(calls[4]->closed);
  world_.RunFor(milliseconds(300));
  EXPECT_TRUE(calls[0]->closed);
}

TEST_F(RpcServerTest, ACanceledCallIsClosedAndCounted) {
  const auto call = Begin("Unary");
  Send(*call, Frame(InteropRequest{.hang = true}.Encode()), true);
  world_.Settle();
  EXPECT_TRUE(state_.hanging.at(0)->is_open());
  world_.Do([&] { call->exchange->Reset(http::ErrorCode::kCancel); });
  world_.Settle();
  EXPECT_FALSE(state_.hanging.at(0)->is_open());
  EXPECT_EQ(method(0).counters.handled[static_cast<int>(base::Code::kCanceled)].value(), 1u);
}

// A method "Pieces" that answers with `length` bytes 'p', produced as they are taken.
struct PiecesMethod {
  PiecesMethod(Server& server, size_t length) {
    server.AddUnary(kInteropService, "Pieces",
                    [this, length](const std::shared_ptr<ServerCall>& call, base::ByteView) {
                      call->ReplyInPieces(length,
                                          [this, alive = count_](size_t max) { return Give(max); });
                    });
  }
  base::Result<base::Bytes> Give(size_t max) {
    if (produced >= fails_at) return base::Status(base::Code::kOutOfRange, "compacted meanwhile");
    produced += max;
    return base::Bytes(max, 'p');
  }
  // Of the producers that exist.
  size_t producers() const { return static_cast<size_t>(count_.use_count()) - 1; }

  size_t produced = 0;
  size_t fails_at = std::numeric_limits<size_t>::max();

 private:
  std::shared_ptr<int> count_ = std::make_shared<int>(0);
};

TEST_F(RpcServerTest, AProducedAnswerIsReadNoFasterThanItIsTaken) {
  constexpr size_t kLength = 14'000'000;
  PiecesMethod pieces(server_, kLength);
  const auto call = Begin("Pieces", {}, /*consume=*/false);
  Send(*call, Frame(""), true);
  world_.RunFor(seconds(5));
  const http::Limits limits;
  EXPECT_GT(pieces.produced, 0u);
  EXPECT_LE(pieces.produced, limits.stream_window + limits.stream_send_buffer + 128 * 1024);
  EXPECT_LE(world_.server().held_bytes(), limits.stream_send_buffer + 128 * 1024);
  size_t consumed = 0;
  while (!call->closed && world_.scheduler().Step()) {
    const size_t more = call->data.size() - consumed;
    if (more == 0 || call->exchange == nullptr) continue;
    consumed += more;
    world_.Do([&] { call->exchange->Consume(more); });
  }
  EXPECT_EQ(call->data.size(), kLength + kPrefixBytes);
  EXPECT_EQ(StatusOf(*call), "0 ");
  EXPECT_EQ(pieces.producers(), 0u);
}

TEST_F(RpcServerTest, ManyProducedAnswersThatNobodyTakesStayWithinTheBudget) {
  PiecesMethod pieces(server_, 1 << 20);
  std::vector<std::shared_ptr<RecordingHandler>> calls;
  for (int i = 0; i < 1000; ++i) {
    calls.push_back(Begin("Pieces", {}, /*consume=*/false));
    Send(*calls.back(), Frame(""), true);
  }
  world_.RunFor(seconds(5));
  EXPECT_LE(world_.server().held_bytes(), size_t{32} << 20);
  for (bool moved = true; moved;) {
    moved = false;
    for (const auto& call : calls) {
      const size_t more = call->data.size();
      if (more == 0 || call->exchange == nullptr) continue;
      moved = true;
      world_.Do([&] { call->exchange->Consume(more); });
      call->data.clear();
    }
    world_.RunFor(milliseconds(10));
    EXPECT_LE(world_.server().held_bytes(), size_t{32} << 20);
  }
  for (const auto& call : calls) EXPECT_EQ(StatusOf(*call), "0 ");
}

TEST_F(RpcServerTest, WhatACallTakesIsCountedUntilItEnds) {
  constexpr size_t kCalls = 100;
  std::vector<std::shared_ptr<RecordingHandler>> calls;
  for (size_t i = 0; i < kCalls; ++i) {
    calls.push_back(Begin("Unary"));
    Send(*calls.back(), Frame(InteropRequest{.hang = true}.Encode()), true);
  }
  world_.Settle();
  const size_t held = world_.server().held_bytes();
  EXPECT_GT(held, kCalls * (sizeof(ServerCall) + sizeof(http::H2Stream)));
  EXPECT_LT(held, kCalls * 2048);
  world_.DoAtServer([&] { state_.hanging.at(0)->SetKept(10'000); });
  EXPECT_EQ(world_.server().held_bytes(), held + 10'000);
  for (const auto& call : calls) {
    world_.Do([&] { call->exchange->Reset(http::ErrorCode::kCancel); });
  }
  world_.Settle();
  EXPECT_EQ(world_.server().held_bytes(), 0u);
}

TEST_F(RpcServerTest, WhatIsMadeAsAWholeAsksForRoomFirst) {
  constexpr size_t kLength = 20 << 20;
  std::vector<std::shared_ptr<RecordingHandler>> calls;
  for (int i = 0; i < 3; ++i) {
    calls.push_back(Begin("Unary", {}, /*consume=*/false));
    Send(*calls.back(), Frame(InteropRequest{.hang = true}.Encode()), true);
  }
  world_.Settle();
  const size_t held = world_.server().held_bytes();
  world_.DoAtServer([&] {
    EXPECT_TRUE(state_.hanging.at(0)->Reserve(kLength));
    EXPECT_EQ(world_.server().held_bytes(), held + kLength);
    EXPECT_FALSE(state_.hanging.at(1)->Reserve(kLength)) << "another one is being made";
    EXPECT_FALSE(state_.hanging.at(2)->SetGathered(kLength));
    EXPECT_TRUE(state_.hanging.at(2)->SetGathered(1 << 20));
    EXPECT_EQ(world_.server().held_bytes(), held + kLength + (1 << 20));
    state_.hanging.at(2)->DropGathered();
    EXPECT_EQ(world_.server().held_bytes(), held + kLength);
    state_.hanging.at(0)->Reply(Message(base::Bytes(kLength, 'w')));
    EXPECT_LE(world_.server().held_bytes(), held + kLength + 1000) << "it counts once";
  });
  world_.Settle();
  EXPECT_EQ(StatusOf(*calls[1]), "8 too many answers wait for the client to take them");
}

TEST_F(RpcServerTest, AnswersThatWaitToBeCompressedStayWithinTheBudget) {
  constexpr size_t kLength = 200'000;
  std::vector<std::shared_ptr<RecordingHandler>> calls;
  for (int i = 0; i < 500; ++i) {
    calls.push_back(Begin("Unary", {{"grpc-encoding", "gzip"}}));
    Send(*calls.back(), Frame(InteropRequest{.hang = true}.Encode()), true);
  }
  world_.Settle();
  world_.server_loop().Post([&] {
    for (const auto& call : state_.hanging) call->Reply(Message(base::Bytes(kLength, 'w')));
  });
  size_t most = 0;
  while (world_.scheduler().Step()) {
    most = std::max(most, world_.server().held_bytes());
    if (std::all_of(calls.begin(), calls.end(), [](const auto& call) { return call->closed; })) {
      break;
    }
  }
  EXPECT_GT(most, size_t{20} << 20);
  EXPECT_LE(most, size_t{33} << 20);
  int answered = 0;
  for (const auto& call : calls) {
    if (StatusOf(*call) != "0 ") continue;
    ++answered;
    MessageReader reader(kLength);
    base::ByteView rest = call->data;
    ASSERT_TRUE(reader.Read(&rest).value());
    const base::Bytes plain = reader.compressed()
                                  ? GzipDecompress(reader.message(), kLength).value()
                                  : base::Bytes(reader.message());
    EXPECT_EQ(plain, base::Bytes(kLength, 'w'));
  }
  EXPECT_GT(answered, 50);
}

TEST_F(RpcServerTest, AProducerThatFailsEndsTheCallByName) {
  PiecesMethod pieces(server_, 1 << 20);
  pieces.fails_at = 100'000;
  const auto call = Begin("Pieces");
  Send(*call, Frame(""), true);
  world_.Settle();
  EXPECT_EQ(StatusOf(*call), "11 compacted meanwhile");
  EXPECT_LT(call->data.size(), 200'000u);
  EXPECT_EQ(pieces.producers(), 0u);
}

TEST_F(RpcServerTest, AProducerEndsWithItsCall) {
  PiecesMethod pieces(server_, 14'000'000);
  const auto call = Begin("Pieces", {}, /*consume=*/false);
  Send(*call, Frame(""), true);
  world_.Settle();
  EXPECT_EQ(pieces.producers(), 1u);
  world_.Do([&] { call->exchange->Reset(http::ErrorCode::kCancel); });
  world_.Settle();
  EXPECT_EQ(pieces.producers(), 0u);
  const auto late = Begin("Pieces", {{"grpc-timeout", "1S"}}, /*consume=*/false);
  Send(*late, Frame(""), true);
  world_.RunFor(seconds(2));
  EXPECT_EQ(pieces.producers(), 0u);
}

TEST_F(RpcServerTest, ALargeAnswerIsCompressedInSlices) {
  constexpr size_t kLength = 2'000'000;
  PiecesMethod pieces(server_, kLength);
  const auto call = Begin("Pieces", {{"grpc-encoding", "gzip"}});
  Send(*call, Frame(""), true);
  int turns = 0;
  while (!call->closed && world_.scheduler().Step()) ++turns;
  EXPECT_GT(turns, 15) << "some 128 KiB each";
  EXPECT_LT(call->data.size(), kLength / 100);
  MessageReader reader(kLength);
  base::ByteView rest = call->data;
  ASSERT_TRUE(reader.Read(&rest).value());
  EXPECT_TRUE(reader.compressed());
  EXPECT_EQ(GzipDecompress(reader.message(), kLength).value(), base::Bytes(kLength, 'p'));
  EXPECT_EQ(StatusOf(*call), "0 ");
}

TEST_F(RpcServerTest, AnAnswerAboveFourMegabytesIsNotCompressed) {
  constexpr size_t kLength = 5'000'000;
  PiecesMethod pieces(server_, kLength);
  const auto call = Begin("Pieces", {{"grpc-encoding", "gzip"}});
  Send(*call, Frame(""), true);
  world_.RunFor(seconds(2));
  EXPECT_EQ(call->data.size(), kLength + kPrefixBytes);
  EXPECT_EQ(call->data[0], 0);
  EXPECT_EQ(StatusOf(*call), "0 ");
}

TEST_F(RpcServerTest, NothingOvertakesAMessageThatIsBeingCompressed) {
  const auto call = Begin("ServerStream", {{"grpc-encoding", "gzip"}});
  const InteropRequest request{.count = 5, .size = 100'000};
  Send(*call, Frame(request.Encode()), true);
  world_.Settle();
  EXPECT_EQ(Replies(*call).size(), 5u);
  EXPECT_EQ(StatusOf(*call), "0 ");
}

// A request that is some kilobytes on the wire, and just fits once it is decompressed.
base::Bytes Bomb() {
  InteropRequest request{.payload = base::Bytes(MessageLimits{}.max_receive_bytes - 100, '\0')};
  Message compressed(GzipCompress(request.Encode()));
  compressed.MarkCompressed();
  return std::move(compressed).TakeFrame();
}

TEST_F(RpcServerTest, ALargeRequestIsDecompressedInSlicesAndCountsBeforeItIsMade) {
  const base::Bytes bomb = Bomb();
  ASSERT_LT(bomb.size(), 8192u);
  const auto call = Begin("Unary", {{"grpc-encoding", "gzip"}});
  Send(*call, bomb, true);
  int turns = 0;
  size_t most = 0;
  while (!call->closed && world_.scheduler().Step()) {
    if (world_.server().held_bytes() > (1 << 20)) ++turns;
    most = std::max(most, world_.server().held_bytes());
  }
  EXPECT_GT(turns, 15) << "some 64 KiB each";
  EXPECT_GT(most, MessageLimits{}.max_receive_bytes);
  EXPECT_EQ(StatusOf(*call), "0 ");
  EXPECT_EQ(Replies(*call).at(0).payload.size(), MessageLimits{}.max_receive_bytes - 100);
}

// The last four bytes tell of the last member, which may be the smaller one.
TEST_F(RpcServerTest, ARequestOfSeveralGzipMembersIsTaken) {
  const base::Bytes plain =
      InteropRequest{.payload = base::Bytes(MessageLimits{}.max_receive_bytes - 100, 'm')}.Encode();
  for (const size_t cut : {size_t{0}, size_t{10}, plain.size() - 10, plain.size()}) {
    Message message(GzipCompress(plain.substr(0, cut)) + GzipCompress(plain.substr(cut)));
    message.MarkCompressed();
    const auto call = Begin("Unary", {{"grpc-encoding", "gzip"}});
    Send(*call, std::move(message).TakeFrame(), true);
    size_t most = 0;
    while (!call->closed && world_.scheduler().Step()) {
      most = std::max(most, world_.server().held_bytes());
    }
    EXPECT_GT(most, MessageLimits{}.max_receive_bytes);
    EXPECT_EQ(StatusOf(*call), "0 ");
  }
}

TEST_F(RpcServerTest, ManyLargeCompressedRequestsStayWithinTheBudgetAndAreAllAnswered) {
  server_.AddUnary("cornerstore.interop.Interop", "Take",
                   [](const std::shared_ptr<ServerCall>& call, base::ByteView request) {
                     EXPECT_GT(request.size(), MessageLimits{}.max_receive_bytes - 100);
                     call->Reply(Message(""));
                   });
  const base::Bytes bomb = Bomb();
  std::vector<std::shared_ptr<RecordingHandler>> calls;
  for (int i = 0; i < 100; ++i) {
    calls.push_back(Begin("Take", {{"grpc-encoding", "gzip"}}));
    world_.Do([&] { calls.back()->exchange->SendData(bomb, Then::kEnd); });
  }
  size_t most = 0;
  while (world_.scheduler().Step()) {
    most = std::max(most, world_.server().held_bytes());
    if (std::all_of(calls.begin(), calls.end(), [](const auto& call) { return call->closed; })) {
      break;
    }
  }
  EXPECT_LE(most, size_t{36} << 20);
  for (const auto& call : calls) EXPECT_EQ(StatusOf(*call), "0 ");
}

TEST_F(RpcServerTest, NothingOvertakesAMessageThatIsBeingDecompressed) {
  const auto call = Begin("ClientStream", {{"grpc-encoding", "gzip"}});
  Send(*call, Bomb() + Frame(InteropRequest{.payload = "last"}.Encode()), true);
  world_.Settle();
  ASSERT_EQ(Replies(*call).size(), 1u);
  EXPECT_EQ(Replies(*call)[0].messages, 2);
  EXPECT_EQ(StatusOf(*call), "0 ");
  const auto gone = Begin("Unary", {{"grpc-encoding", "gzip"}});
  world_.Do([&] {
    gone->exchange->SendData(Bomb(), Then::kContinue);
    gone->exchange->Reset(http::ErrorCode::kCancel);
  });
  world_.Settle();
  EXPECT_EQ(world_.server().held_bytes(), 0u);
}

TEST_F(RpcServerTest, AnswersGzipWithGzip) {
  const base::Bytes payload(100'000, 'z');
  Message compressed(GzipCompress(InteropRequest{.payload = payload}.Encode()));
  compressed.MarkCompressed();
  const auto call = CallRaw(std::move(compressed).TakeFrame(), {{"grpc-encoding", "gzip"}});
  EXPECT_EQ(call->head.Get("grpc-encoding"), "gzip");
  EXPECT_LT(call->data.size(), 1000u);
  ASSERT_EQ(Replies(*call).size(), 1u);
  EXPECT_EQ(Replies(*call)[0].payload, payload);
}

TEST_F(RpcServerTest, RefusesMessagesThatAreTooLarge) {
  base::Bytes huge = "\0\x7f\xff\xff\xff"s;
  EXPECT_EQ(StatusOf(*CallRaw(huge)),
            "8 grpc: received message larger than max (2147483647 vs. 2097152)");
  Message bomb(GzipCompress(base::Bytes(50 << 20, '\0')));
  bomb.MarkCompressed();
  EXPECT_EQ(StatusOf(*CallRaw(std::move(bomb).TakeFrame(), {{"grpc-encoding", "gzip"}})),
            "8 grpc: received message after decompression larger than max 2097152");
}

TEST_F(RpcServerTest, RefusesToSendWhatIsTooLarge) {
  Server small(&world_.server_loop(), &plain_, MessageLimits{.max_send_bytes = 100});
  AddInteropService(small, &state_);
  forward_.to = &small;
  EXPECT_EQ(StatusOf(*Call("Unary", {.size = 200})),
            "8 grpc: trying to send message larger than max (203 vs. 100)");
}

TEST_F(RpcServerTest, RefusesMalformedBodies) {
  EXPECT_EQ(StatusOf(*CallRaw("")), "2 EOF");
  EXPECT_EQ(StatusOf(*CallRaw("\0\0"s)), "2 EOF");
  EXPECT_EQ(StatusOf(*CallRaw("\0\0\0\0\x9short"s)), "2 unexpected EOF");
  EXPECT_EQ(StatusOf(*CallRaw("\x2\0\0\0\0"s)), "13 grpc: received unexpected payload format 2");
  EXPECT_EQ(StatusOf(*CallRaw("\x1\0\0\0\0"s)),
            "13 grpc: compressed flag set with identity or empty encoding");
  EXPECT_EQ(StatusOf(*CallRaw("\x1\0\0\0\3abc"s, {{"grpc-encoding", "gzip"}})),
            "13 grpc: failed to decompress the received message: invalid gzip data");
  EXPECT_EQ(StatusOf(*CallRaw(Frame("\x0a\x7ftruncated"))), "13 grpc: error unmarshalling request");
}

TEST_F(RpcServerTest, TakesTheFirstMessageOfAUnaryCall) {
  const base::Bytes first = Frame(InteropRequest{.size = 3}.Encode());
  const base::Bytes second = Frame(InteropRequest{.size = 4}.Encode());
  const auto call = CallRaw(first + second);
  EXPECT_EQ(StatusOf(*call), "0 ");
  ASSERT_EQ(Replies(*call).size(), 1u);
  EXPECT_EQ(Replies(*call)[0].payload, "uuu");
}

TEST_F(RpcServerTest, NamesWhatItDoesNotImplement) {
  EXPECT_EQ(StatusOf(*Call("Nothing", {})),
            "12 unknown method Nothing for service cornerstore.interop.Interop");
  const auto unknown = world_.Request(client_, Then::kEnd, "/a.B/C");
  world_.Settle();
  EXPECT_EQ(http::StatusCode(unknown->head), 404) << "no gRPC request, so a plain answer";
  EXPECT_EQ(StatusOf(*Call("../x/y", {})), "12 unknown service cornerstore.interop.Interop/../x");
  EXPECT_EQ(StatusOf(*Call("Unary", {}, {{"grpc-encoding", "lz4"}})),
            "12 grpc: Decompressor is not installed for grpc-encoding \"lz4\"");
}

TEST_F(RpcServerTest, ChecksTheHead) {
  const auto malformed = Call("Unary", {}, {{"grpc-timeout", "10x"}});
  EXPECT_EQ(http::StatusCode(malformed->head), 400);
  EXPECT_EQ(StatusOf(*malformed),
            "13 malformed grpc-timeout: transport: timeout unit is not recognized: \"10x\"");
  for (const char* type : {"application/grpc+proto", "application/grpc;charset=utf-8"}) {
    EXPECT_EQ(StatusOf(*Call("Unary", {}, {{"content-type", type}})), "0 ") << type;
  }
  for (const char* type : {"application/grpcx", "application/json"}) {
    const auto call = Call("Unary", {}, {{"content-type", type}});
    EXPECT_EQ(http::StatusCode(call->head), 415) << type;
    EXPECT_EQ(StatusOf(*call), "3 invalid gRPC request content-type \"" + std::string(type) + "\"");
  }
}

TEST_F(RpcServerTest, ServesFiveHundredCallsInParallel) {
  std::vector<std::shared_ptr<RecordingHandler>> calls;
  for (int i = 0; i < 500; ++i) {
    calls.push_back(Begin("Unary"));
    Send(*calls.back(), Frame(InteropRequest{.payload = std::to_string(i)}.Encode()), true);
  }
  world_.Settle();
  for (int i = 0; i < 500; ++i) EXPECT_EQ(Replies(*calls[i])[0].payload, std::to_string(i));
}

TEST_F(RpcServerTest, AHalfOpenConnectionDoesNotHoldUpOthers) {
  auto& half = world_.ConnectRaw();
  half.SendPreface();
  half.Send(http::testing::Frame{http::testing::kHeaders, 0, 1, ""});
  EXPECT_EQ(StatusOf(*Call("Unary", {.payload = "fine"})), "0 ");
}

}  // namespace
}  // namespace rpc::testing
