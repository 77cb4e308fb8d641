#include "net/rpc/channel.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "net/http/plain.h"
#include "net/http/testing/world.h"
#include "net/rpc/client_status.h"
#include "net/rpc/testing/interop_service.h"

namespace rpc::testing {
namespace {

using base::Code;
using http::testing::World;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

// The service table of a world, made once there is a loop for it.
class LateService final : public http::Service {
 public:
  std::shared_ptr<http::ExchangeHandler> OnRequest(http::Exchange& exchange) override {
    if (!refuses) return table->OnRequest(exchange);
    exchange.Reset(http::ErrorCode::kRefusedStream);
    return std::make_shared<http::IgnoringHandler>(&exchange);
  }
  std::unique_ptr<Server> table;
  bool refuses = false;
};

struct Answer {
  bool done = false;
  base::Status status;
  InteropReply reply;
};

// A streaming call's events.
struct Recording {
  std::vector<InteropReply> replies;
  bool unprocessed = false;
  bool finished = false;
  base::Status status;
  int writable_events = 0;
};

class RecordingClient final : public ClientHandler {
 public:
  explicit RecordingClient(Recording* to) : to_(to) {}
  void OnMessage(base::ByteView message) override {
    EXPECT_TRUE(to_->replies.emplace_back().Parse(message));
  }
  void OnWritable() override { ++to_->writable_events; }
  void OnUnprocessed() override {
    EXPECT_FALSE(to_->finished);
    to_->unprocessed = true;
  }
  void OnFinished(const base::Status& status, const http::Headers&) override {
    to_->finished = true;
    to_->status = status;
  }

 private:
  Recording* const to_;
};

class ChannelTest : public ::testing::Test {
 protected:
  ChannelTest() { Open({World::kAddress}); }
  ~ChannelTest() override { Close(); }

  // What lives on a world's loops goes before it.
  void Close() {
    if (world_ == nullptr) return;
    world_->Do([&] { channel_.reset(); });
    world_->DestroyServer();
    service_.table.reset();
    world_.reset();
  }

  // A new world, and a channel to `endpoints` in it.
  void Open(std::vector<runtime::Address> endpoints, const http::Server::Options& server = {},
            Channel::Options options = {}) {
    Close();
    state_.hanging.clear();
    world_ = std::make_unique<World>(&service_, server);
    service_.table = std::make_unique<Server>(&world_->server_loop(), &plain_, MessageLimits{});
    AddInteropService(*service_.table, &state_);
    options.endpoints = std::move(endpoints);
    world_->Do([&] {
      channel_ = std::make_unique<Channel>(&world_->client_loop(), &world_->client_network(),
                                           std::move(options));
    });
  }

  std::shared_ptr<Answer> Unary(const InteropRequest& request, ClientCall::Options options = {}) {
    auto answer = std::make_shared<Answer>();
    world_->Do([&] {
      last_ = channel_->CallUnary(std::string("/") + kInteropService + "/Unary", std::move(options),
                                  Message(request.Encode()),
                                  [answer](const base::Status& status, base::ByteView reply) {
                                    EXPECT_FALSE(answer->done);
                                    answer->done = true;
                                    answer->status = status;
                                    EXPECT_TRUE(answer->reply.Parse(reply));
                                  });
    });
    return answer;
  }
  std::shared_ptr<ClientCall> Start(const std::string& method, Recording* recording) {
    std::shared_ptr<ClientCall> call;
    world_->Do([&] {
      call = channel_->Start(std::string("/") + kInteropService + "/" + method, {},
                             std::make_unique<RecordingClient>(recording));
    });
    return call;
  }
  ClientCall::Options Within(runtime::Duration timeout) {
    ClientCall::Options options;
    options.deadline = world_->client_loop().clock().Now() + timeout;
    return options;
  }

  http::PlainService plain_{1000};
  LateService service_;
  testing::InteropState state_;
  std::unique_ptr<World> world_;
  std::unique_ptr<Channel> channel_;
  std::shared_ptr<ClientCall> last_;
};

TEST_F(ChannelTest, ACallWaitsForTheConnection) {
  const auto answer = Unary({.payload = "early"});
  EXPECT_FALSE(answer->done);
  world_->Settle();
  EXPECT_TRUE(answer->status.ok());
  EXPECT_EQ(answer->reply.payload, "early");
  EXPECT_EQ(channel_->connected(), 1u);
}

TEST_F(ChannelTest, ReportsTheServersStatus) {
  const auto answer = Unary({.code = 5, .message = "100% not found\n"});
  world_->Settle();
  EXPECT_EQ(answer->status, base::Status(Code::kNotFound, "100% not found\n"));
}

TEST_F(ChannelTest, FailsWhenNoEndpointAnswers) {
  Open({{"server", 1, ""}, {"server", 2, ""}});
  const auto answer = Unary({.payload = "x"});
  world_->Settle();
  EXPECT_EQ(answer->status.code(), Code::kUnavailable);
  EXPECT_TRUE(answer->status.message().starts_with(
      "connection error: desc = \"transport: Error while dialing: "));
}

TEST_F(ChannelTest, AServerThatSaysNothingIsToldFromOneThatCloses) {
  const runtime::Address address{"server", 3, ""};
  for (const bool closes : {true, false}) {
    Channel::Options options;
    options.connect_timeout = seconds(1);
    Open({address}, {}, std::move(options));
    std::unique_ptr<runtime::Listener> listener;
    std::vector<std::unique_ptr<runtime::Stream>> accepted;
    world_->DoAtServer([&] {
      auto listening = world_->server_network().Listen(
          address, {}, [&accepted, closes](std::unique_ptr<runtime::Stream> stream) {
            if (!closes) accepted.push_back(std::move(stream));
          });
      ASSERT_TRUE(listening.ok());
      listener = std::move(listening).value();
    });
    world_->RunFor(seconds(30));
    const auto answer = Unary({.payload = "x"});
    world_->RunFor(seconds(5));
    const std::string why(answer->status.message());
    const char* const silent =
        "the server does not answer; it may be stopped or overloaded, or speak only TLS here\"";
    EXPECT_EQ(why.ends_with(silent), !closes) << why;
    EXPECT_EQ(why.ends_with("; it may speak only TLS here\""), closes) << why;
    world_->DoAtServer([&] {
      accepted.clear();
      listener.reset();
    });
  }
}

TEST_F(ChannelTest, ACallThatWaitsForReadyOutlastsFailures) {
  Open({{"server", 1, ""}});
  ClientCall::Options options;
  options.wait_for_ready = true;
  const auto answer = Unary({.payload = "patient"}, std::move(options));
  world_->RunFor(seconds(30));
  EXPECT_FALSE(answer->done);
  world_->DoAtServer([&] { EXPECT_TRUE(world_->server().Listen({"server", 1, ""}, {}).ok()); });
  world_->RunFor(minutes(2));
  EXPECT_EQ(answer->reply.payload, "patient");
}

TEST_F(ChannelTest, SpreadsCallsOverTheEndpoints) {
  Open({World::kAddress, {"server", 7, ""}, {"server", 8, ""}});
  world_->DoAtServer([&] { EXPECT_TRUE(world_->server().Listen({"server", 8, ""}, {}).ok()); });
  world_->RunFor(seconds(5));
  EXPECT_EQ(channel_->connected(), 2u);
  for (int i = 0; i < 10; ++i) Unary({.hang = true});
  world_->Settle();
  std::multiset<uint16_t> ports;
  for (const auto& call : state_.hanging) ports.insert(call->connection().local.port);
  EXPECT_EQ(ports.count(2379), 5u);
  EXPECT_EQ(ports.count(8), 5u);
}

// Counts the attempts to connect.
class CountingNetwork final : public runtime::Network {
 public:
  explicit CountingNetwork(runtime::Network* to) : to_(*to) {}
  base::Result<std::unique_ptr<runtime::Listener>> Listen(
      const runtime::Address& address, const ListenOptions& options,
      base::Callback<void(std::unique_ptr<runtime::Stream>)> on_accept) override {
    return to_.Listen(address, options, std::move(on_accept));
  }
  std::unique_ptr<runtime::Connecting> Connect(
      const runtime::Address& address,
      base::Callback<void(base::Result<std::unique_ptr<runtime::Stream>>)> done) override {
    ++attempts;
    return to_.Connect(address, std::move(done));
  }
  int attempts = 0;

 private:
  runtime::Network& to_;
};

TEST_F(ChannelTest, ManyEndpointsAreConnectedToAFewAtATime) {
  Channel::Options options;
  for (int i = 0; i < 40; ++i) {
    const std::string host = "hung" + std::to_string(i);
    options.endpoints.push_back({host, 1, ""});
    options.endpoints.push_back({host, 1, ""});
    world_->wires().Cut("client", host);
  }
  CountingNetwork network(&world_->client_network());
  world_->Do([&] {
    channel_ = std::make_unique<Channel>(&world_->client_loop(), &network, std::move(options));
  });
  EXPECT_EQ(network.attempts, 4);
  world_->RunFor(milliseconds(250));
  EXPECT_LE(network.attempts, 15);
  world_->RunFor(seconds(2));
  EXPECT_EQ(network.attempts, 40) << "one that is named twice is one";
  world_->Do([&] { channel_.reset(); });
}

TEST_F(ChannelTest, ACallAvoidsAnEndpointOnlyIfThereIsAnother) {
  Open({World::kAddress, {"server", 8, ""}});
  world_->DoAtServer([&] { EXPECT_TRUE(world_->server().Listen({"server", 8, ""}, {}).ok()); });
  world_->RunFor(seconds(5));
  Unary({.payload = "x"});
  world_->Settle();
  const uint32_t first = last_->endpoint();
  EXPECT_NE(first, 0u);
  for (int i = 0; i < 5; ++i) {
    ClientCall::Options options;
    options.avoided_endpoint = first;
    Unary({.payload = "x"}, std::move(options));
    EXPECT_NE(last_->endpoint(), first);
  }
  world_->Settle();
  world_->Do([&] { channel_->SetEndpoints({World::kAddress}, {}); });
  world_->Settle();
  Unary({.payload = "x"});
  const uint32_t only = last_->endpoint();
  ClientCall::Options options;
  options.avoided_endpoint = only;
  Unary({.payload = "x"}, std::move(options));
  EXPECT_EQ(last_->endpoint(), only);
  world_->Settle();
}

TEST_F(ChannelTest, ReconnectsAfterABreak) {
  const auto lost = Unary({.hang = true});
  world_->RunFor(seconds(5));
  world_->wires().Break("client", "server");
  world_->Settle();
  EXPECT_EQ(lost->status.code(), Code::kUnavailable);
  const auto again = Unary({.payload = "again"});
  world_->RunFor(seconds(5));
  EXPECT_EQ(again->reply.payload, "again");
}

TEST_F(ChannelTest, MovesToAnotherEndpointWhenAServerDrains) {
  const auto open = Unary({.hang = true});
  world_->RunFor(seconds(2));
  world_->DoAtServer([&] {
    world_->server().Drain(nullptr);
    EXPECT_TRUE(world_->server().Listen(World::kAddress, {}).ok()) << "the server's successor";
  });
  world_->RunFor(seconds(5));
  const auto next = Unary({.payload = "next"});
  world_->Settle();
  EXPECT_EQ(next->reply.payload, "next");
  EXPECT_FALSE(open->done) << "the open call goes on on the old connection";
  world_->DoAtServer([&] { state_.hanging[0]->Reply(InteropReply{"old", 0, 0}.Encode()); });
  world_->Settle();
  EXPECT_EQ(open->reply.payload, "old");
}

TEST_F(ChannelTest, ADeadlineEndsACallWhereverItIs) {
  const auto at_server = Unary({.hang = true}, Within(milliseconds(300)));
  world_->RunFor(milliseconds(200));
  EXPECT_FALSE(at_server->done);
  world_->RunFor(milliseconds(200));
  EXPECT_EQ(at_server->status, base::Status(Code::kDeadlineExceeded, "context deadline exceeded"));
  EXPECT_FALSE(state_.hanging.at(0)->is_open());

  Open({{"server", 1, ""}});
  ClientCall::Options options = Within(milliseconds(300));
  options.wait_for_ready = true;
  const auto waiting = Unary({.payload = "x"}, std::move(options));
  world_->RunFor(milliseconds(400));
  EXPECT_EQ(waiting->status.code(), Code::kDeadlineExceeded);
}

TEST_F(ChannelTest, WhatWasNeverSentIsKnownToBeUnprocessed) {
  Open({{"nowhere", 1, ""}});
  Recording recording;
  Start("BidiStream", &recording);
  world_->RunFor(seconds(1));
  EXPECT_TRUE(recording.finished);
  EXPECT_TRUE(recording.unprocessed);
}

TEST_F(ChannelTest, WhatTheServerRefusedTwiceIsKnownToBeUnprocessed) {
  world_->RunFor(seconds(1));
  service_.refuses = true;
  Recording recording;
  Start("BidiStream", &recording);
  world_->RunFor(seconds(1));
  service_.refuses = false;
  EXPECT_EQ(recording.status.code(), Code::kUnavailable);
  EXPECT_TRUE(recording.unprocessed);
}

TEST_F(ChannelTest, WhatWasLostOnItsWayMayHaveBeenProcessed) {
  world_->RunFor(seconds(5));
  Recording lost;
  Start("BidiStream", &lost);
  world_->wires().Break("client", "server");
  world_->RunFor(seconds(5));
  EXPECT_EQ(lost.status.code(), Code::kUnavailable);
  EXPECT_FALSE(lost.unprocessed);
  Recording canceled;
  const auto call = Start("BidiStream", &canceled);
  world_->Do([&] { call->Cancel(); });
  EXPECT_EQ(canceled.status.code(), Code::kCanceled);
  EXPECT_FALSE(canceled.unprocessed);
}

TEST_F(ChannelTest, CancelingReachesTheServer) {
  const auto answer = Unary({.hang = true});
  world_->Settle();
  EXPECT_TRUE(state_.hanging.at(0)->is_open());
  world_->Do([&] { last_->Cancel(); });
  EXPECT_EQ(answer->status.code(), Code::kCanceled);
  world_->Settle();
  EXPECT_FALSE(state_.hanging.at(0)->is_open());
}

TEST_F(ChannelTest, GzipBothWays) {
  ClientCall::Options options;
  options.gzip = true;
  const base::Bytes payload(300'000, 'z');
  const auto answer = Unary({.payload = payload}, std::move(options));
  world_->Settle();
  EXPECT_EQ(answer->reply.payload, payload);
  EXPECT_LT(world_->counters().bytes_received.value(), 10'000u);
}

TEST_F(ChannelTest, RefusesAnAnswerThatIsTooLarge) {
  ClientCall::Options options;
  options.max_receive_bytes = 1000;
  const auto answer = Unary({.size = 5000}, std::move(options));
  world_->Settle();
  EXPECT_EQ(answer->status, base::Status(Code::kResourceExhausted,
                                         "grpc: received message larger than max (5003 vs. 1000)"));
}

TEST_F(ChannelTest, StreamsBothWays) {
  Recording recording;
  const auto call = Start("BidiStream", &recording);
  for (int i = 0; i < 50; ++i) {
    world_->Do([&] { call->Send(Message(InteropRequest{.payload = std::to_string(i)}.Encode())); });
  }
  world_->Settle();
  ASSERT_EQ(recording.replies.size(), 50u);
  EXPECT_EQ(recording.replies[49].payload, "49");
  EXPECT_FALSE(recording.finished);
  world_->Do([&] { call->HalfClose(); });
  world_->Settle();
  EXPECT_TRUE(recording.finished);
  EXPECT_TRUE(recording.status.ok());
}

TEST_F(ChannelTest, APausedReaderStopsTheServerAndThenGetsEverything) {
  Recording recording;
  const auto call = Start("ServerStream", &recording);
  world_->Do([&] {
    call->PauseReading();
    call->Send(Message(InteropRequest{.count = 20, .size = 1 << 20}.Encode()));
    call->HalfClose();
  });
  world_->RunFor(seconds(5));
  EXPECT_EQ(recording.replies.size(), 0u);
  EXPECT_LT(service_.table->methods()[1]->counters.messages_sent.value(), 5u);
  world_->Do([&] { call->ResumeReading(); });
  world_->RunFor(seconds(30));
  EXPECT_EQ(recording.replies.size(), 20u);
  EXPECT_TRUE(recording.finished);
  EXPECT_TRUE(recording.status.ok());
}

TEST_F(ChannelTest, APausedReaderIsToldEverythingWhenTheServerEnds) {
  Recording recording;
  auto call = Start("ServerStream", &recording);
  world_->Do([&] {
    call->PauseReading();
    call->Send(Message(InteropRequest{.count = 3, .size = 100}.Encode()));
    call->HalfClose();
    call.reset();
  });
  world_->Settle();
  EXPECT_EQ(recording.replies.size(), 3u);
  EXPECT_TRUE(recording.finished);
  EXPECT_TRUE(recording.status.ok());
  EXPECT_EQ(world_->counters().streams_open.value(), 0u);
}

TEST_F(ChannelTest, AnEarlyStatusEndsAnOpenRequestStream) {
  Recording recording;
  const auto call = Start("BidiStream", &recording);
  world_->Do(
      [&] { call->Send(Message(InteropRequest{.code = 7, .message = "not you"}.Encode())); });
  world_->Settle();
  EXPECT_EQ(recording.status, base::Status(Code::kPermissionDenied, "not you"));
  EXPECT_EQ(world_->counters().streams_open.value(), 0u);
}

TEST_F(ChannelTest, CallsBeyondTheServersStreamLimitWaitTheirTurn) {
  http::Server::Options server;
  server.limits.max_concurrent_streams = 10;
  Open({World::kAddress}, server);
  world_->Settle();
  std::vector<std::shared_ptr<Answer>> answers;
  for (int i = 0; i < 200; ++i) answers.push_back(Unary({.payload = std::to_string(i)}));
  world_->RunFor(seconds(5));
  for (int i = 0; i < 200; ++i) EXPECT_EQ(answers[i]->reply.payload, std::to_string(i));
}

TEST_F(ChannelTest, KeepaliveNoticesADeadServer) {
  Channel::Options options;
  options.keepalive.interval = seconds(10);
  options.keepalive.timeout = seconds(5);
  Open({World::kAddress}, {}, std::move(options));
  const auto answer = Unary({.hang = true});
  world_->RunFor(seconds(60));
  EXPECT_FALSE(answer->done) << "a server that answers pings is alive";
  world_->wires().Cut("client", "server");
  world_->RunFor(seconds(17));
  EXPECT_EQ(answer->status.code(), Code::kUnavailable);
  EXPECT_EQ(answer->status.message(),
            "error reading from server: keepalive ping failed to receive ACK within timeout");
}

TEST_F(ChannelTest, DestroyingTheChannelEndsItsCalls) {
  const auto answer = Unary({.hang = true});
  world_->Settle();
  const auto waiting = Unary({.hang = true});
  world_->Do([&] { channel_.reset(); });
  EXPECT_EQ(answer->status.code(), Code::kUnavailable);
  EXPECT_TRUE(waiting->done);
  world_->Do([&] { last_->Cancel(); });
}

TEST_F(ChannelTest, AnHttpAnswerIsMappedToAStatus) {
  std::shared_ptr<Answer> answer = std::make_shared<Answer>();
  class NotFound final : public http::Service {
   public:
    std::shared_ptr<http::ExchangeHandler> OnRequest(http::Exchange& exchange) override {
      static const http::Headers kHead = {{":status", "503"}, {"content-length", "0"}};
      exchange.SendHead(kHead, http::Exchange::Then::kEnd);
      return std::make_shared<http::IgnoringHandler>(&exchange);
    }
  } not_found;
  World world(&not_found);
  std::unique_ptr<Channel> channel;
  world.Do([&] {
    Channel::Options options;
    options.endpoints = {World::kAddress};
    channel = std::make_unique<Channel>(&world.client_loop(), &world.client_network(),
                                        std::move(options));
    channel->CallUnary(
        "/a.B/C", {}, Message(base::ByteView("x")),
        [answer](const base::Status& status, base::ByteView) { answer->status = status; });
  });
  world.Settle();
  EXPECT_EQ(answer->status, base::Status(Code::kUnavailable,
                                         "unexpected HTTP status code received from server: 503"));
  world.Do([&] { channel.reset(); });
}

TEST(Backoff, GrowsToItsLimitAndStartsAgain) {
  Backoff::Options options;
  options.longest = seconds(10);
  Backoff backoff(options, 1);
  runtime::Duration expected = options.initial;
  for (int i = 0; i < 20; ++i) {
    const runtime::Duration wait = backoff.Next();
    EXPECT_GE(wait, expected * 80 / 100);
    EXPECT_LE(wait, expected * 120 / 100);
    expected = std::min<runtime::Duration>(expected * 160 / 100, options.longest);
  }
  backoff.Reset();
  EXPECT_LE(backoff.Next(), options.initial * 120 / 100);
}

TEST(ClientStatus, NamesWhatTheServerDidNotSay) {
  EXPECT_EQ(StatusOfHttp(401).code(), Code::kUnauthenticated);
  EXPECT_EQ(StatusOfHttp(200).code(), Code::kUnknown);
  EXPECT_TRUE(StatusOfTrailers({{"grpc-status", "0"}}).ok());
  EXPECT_EQ(StatusOfTrailers({{"grpc-status", "17"}}).code(), Code::kUnknown);
  EXPECT_EQ(StatusOfTrailers({{"grpc-status", ""}}).code(), Code::kUnknown);
  EXPECT_EQ(StatusOfTrailers({{"grpc-status", "5"}, {"grpc-message", "a%20b"}}),
            base::Status(Code::kNotFound, "a b"));
}

}  // namespace
}  // namespace rpc::testing
