#include "net/http/client.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "net/http/plain.h"
#include "net/http/testing/raw_server.h"
#include "net/http/testing/world.h"

namespace http::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Then = Exchange::Then;
using Kind = Closing::Kind;

const base::Bytes kOk = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

Headers Get(const std::string& path) {
  return {{":method", "GET"}, {":path", path}};
}
Headers Post(const std::string& path) {
  return {{":method", "POST"}, {":path", path}};
}

class HttpClientTest : public ::testing::Test {
 protected:
  HttpClientTest() {
    plain_.Handle("/hello", [](const PlainRequest& request, Responder responder) {
      responder.Send(TextResponse(200, "hello " + base::Bytes(request.body)));
    });
    plain_.Handle("/late",
                  [this](const PlainRequest&, Responder responder) { late_.push_back(responder); });
  }
  ~HttpClientTest() override { Destroy(); }

  void Make(Client::Options options = {}) {
    if (options.address == runtime::Address()) options.address = World::kAddress;
    world_.Do([&] {
      client_ = std::make_unique<Client>(&world_.client_loop(), &world_.client_network(), options);
    });
  }
  void MakeForRawServer(Client::Options options = {}) {
    options.address = RawServer::kAddress;
    Make(options);
  }
  void Destroy() {
    world_.Do([this] { client_.reset(); });
  }

  std::shared_ptr<RecordingHandler> Start(const Headers& head, Then then = Then::kEnd,
                                          const Client::Timeouts& timeouts = {}) {
    auto handler = std::make_shared<RecordingHandler>();
    world_.Do([&] { handler->exchange = &client_->Start(head, then, handler, timeouts); });
    return handler;
  }
  using Fetched = std::optional<base::Result<Client::Answer>>;
  // Nothing if there is no answer within a second.
  Fetched Fetch(const Headers& head, const base::Bytes& body = {}, size_t max_bytes = 1000) {
    auto fetched = std::make_shared<Fetched>();
    world_.Do([&] {
      client_->Fetch(head, body, max_bytes, seconds(10),
                     [fetched](base::Result<Client::Answer> answer) { *fetched = answer; });
    });
    world_.RunFor(seconds(1));
    return *fetched;
  }
  void AnswerAll() {
    world_.DoAtServer([this] {
      for (Responder& responder : std::exchange(late_, {})) {
        responder.Send(TextResponse(200, "late"));
      }
    });
    world_.Settle();
  }
  uint64_t accepted() { return world_.counters().connections_accepted.value(); }

  PlainService plain_{10'000};
  std::vector<Responder> late_;
  World world_{&plain_};
  RawServer raw_{&world_};
  std::unique_ptr<Client> client_;
};

TEST_F(HttpClientTest, FetchesWholeAnswers) {
  Make();
  const Fetched answer = Fetch(Post("/hello"), "world");
  ASSERT_TRUE(answer.has_value() && answer->ok());
  EXPECT_EQ((*answer)->status, 200);
  EXPECT_EQ((*answer)->body, "hello world\n");
  EXPECT_EQ((*answer)->head.Get("content-type"), "text/plain; charset=utf-8");
  EXPECT_EQ((*Fetch(Get("/nothing")))->status, 404);
  EXPECT_EQ((*Fetch(Post("/hello")))->body, "hello \n");
}

TEST_F(HttpClientTest, FetchesNoMoreThanAllowed) {
  Make();
  EXPECT_TRUE(Fetch(Post("/hello"), base::Bytes(1000 - 7, 'x'))->ok());
  const Fetched answer = Fetch(Post("/hello"), base::Bytes(1000 - 6, 'x'));
  EXPECT_EQ(answer->status(), base::Status(base::Code::kResourceExhausted,
                                           "the server's answer is longer than 1000 bytes"));
  EXPECT_EQ(client_->connection_count(), 0u);
}

TEST_F(HttpClientTest, BodiesStreamInBothDirections) {
  EchoService echo;
  World world(&echo);
  std::unique_ptr<Client> client;
  const auto call = std::make_shared<RecordingHandler>();
  world.Do([&] {
    client = std::make_unique<Client>(&world.client_loop(), &world.client_network(),
                                      Client::Options{.address = World::kAddress});
    call->exchange = &client->Start(Post("/echo"), Then::kContinue, call, {});
    call->exchange->SendData(base::Bytes("first"), Then::kContinue);
  });
  world.Settle();
  EXPECT_EQ(StatusCode(call->head), 200);
  EXPECT_EQ(call->data, "first");
  const base::Bytes large(300'000, 'x');
  world.Do([&] { call->exchange->SendData(base::Bytes(large), Then::kEnd); });
  world.RunFor(seconds(2));
  EXPECT_EQ(call->data, "first" + large);
  EXPECT_EQ(call->trailers.Get("x-trailer"), "done");
  EXPECT_EQ(call->closing.kind, Kind::kComplete);
  world.Do([&] { client.reset(); });
}

TEST_F(HttpClientTest, KeepsConnectionsForTheNextRequest) {
  Make();
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(Fetch(Get("/hello"))->ok());
  EXPECT_EQ(accepted(), 1u);
}

TEST_F(HttpClientTest, ARequestThatFollowsInsideTheEndOfAnotherHasItsConnection) {
  Make();
  int answers = 0;
  std::function<void()> next = [&] {
    client_->Fetch(Get("/hello"), {}, 1000, seconds(1), [&](base::Result<Client::Answer> answer) {
      EXPECT_TRUE(answer.ok());
      if (++answers < 10) next();
    });
  };
  world_.Do([&] { next(); });
  world_.RunFor(seconds(1));
  EXPECT_EQ(answers, 10);
  EXPECT_EQ(accepted(), 1u);
}

TEST_F(HttpClientTest, RequestsAtOnceHaveAConnectionEachUpToABoundAndThenWait) {
  Make({.max_connections = 2, .max_waiting_requests = 1});
  std::vector<std::shared_ptr<RecordingHandler>> calls;
  for (int i = 0; i < 4; ++i) calls.push_back(Start(Get("/late")));
  world_.Settle();
  EXPECT_EQ(accepted(), 2u);
  EXPECT_TRUE(calls[3]->closed);
  EXPECT_EQ(calls[3]->closing.status,
            base::Status(base::Code::kResourceExhausted,
                         "server:2379: too many requests wait for a connection"));
  EXPECT_EQ(late_.size(), 2u);
  AnswerAll();
  EXPECT_TRUE(calls[0]->ended && calls[1]->ended && !calls[2]->ended);
  AnswerAll();
  EXPECT_TRUE(calls[2]->ended);
  EXPECT_EQ(accepted(), 2u);
}

TEST_F(HttpClientTest, ConnectionsAreKeptForSomeTimeAndNotTooMany) {
  Make();
  for (int i = 0; i < 5; ++i) Start(Get("/late"));
  world_.Settle();
  EXPECT_EQ(client_->connection_count(), 5u);
  AnswerAll();
  EXPECT_EQ(client_->idle_count(), 2u);
  EXPECT_EQ(client_->connection_count(), 2u);
  world_.RunFor(seconds(29));
  EXPECT_EQ(client_->idle_count(), 2u);
  world_.RunFor(seconds(2));
  EXPECT_EQ(client_->connection_count(), 0u);
}

TEST_F(HttpClientTest, WhatIsSentBeforeThereIsAConnectionIsBounded) {
  MakeForRawServer();
  world_.wires().Cut("client", "server");
  const auto call = Start(Post("/"), Then::kContinue);
  EXPECT_EQ(call->exchange->connection().peer, RawServer::kAddress);
  EXPECT_TRUE(call->exchange->received_head().empty());
  size_t sent = 0;
  world_.Do([&] {
    for (; call->exchange->writable(); sent += 10'000) {
      call->exchange->SendData(base::Bytes(10'000, 'x'), Then::kContinue);
    }
  });
  EXPECT_LT(sent, Limits{}.stream_send_buffer + 20'000);
  EXPECT_EQ(call->exchange->unsent_bytes(), sent);
  world_.wires().JoinAll();
  world_.RunFor(seconds(1));
  EXPECT_GT(call->writable_events, 0);
  world_.Do([&] { call->exchange->SendTrailers({}); });
  world_.Settle();
  EXPECT_TRUE(raw_.last().received().ends_with("\r\n0\r\n\r\n"));
}

TEST_F(HttpClientTest, AGetIsSentOnceMoreIfAKeptConnectionWasAboutToClose) {
  MakeForRawServer();
  const auto begin = [this](const Headers& head) {
    const auto call = Start(head);
    world_.Settle();
    return call;
  };
  const auto first = begin(Get("/"));
  world_.DoAtServer([&] { raw_.last().Send(kOk); });
  world_.Settle();
  const auto again = begin(Get("/"));
  EXPECT_EQ(raw_.size(), 1u);
  world_.DoAtServer([&] { raw_.last().Close(); });
  world_.Settle();
  EXPECT_EQ(raw_.size(), 2u);
  EXPECT_FALSE(again->closed);
  world_.DoAtServer([&] { raw_.last().Send(kOk); });
  world_.Settle();
  EXPECT_EQ(again->data, "ok");
  EXPECT_EQ(again->closing.kind, Kind::kComplete);

  // It may have been carried out.
  const auto post = begin(Post("/"));
  world_.DoAtServer([&] { raw_.last().Close(); });
  world_.Settle();
  EXPECT_EQ(raw_.size(), 2u);
  EXPECT_EQ(post->closing.status.message(),
            "server:80: the server closed the connection before it answered");

  // The connection is not one that was kept.
  const auto fresh = begin(Get("/"));
  world_.DoAtServer([&] { raw_.last().Close(); });
  world_.Settle();
  EXPECT_EQ(raw_.size(), 3u);
  EXPECT_TRUE(fresh->closed);
}

TEST_F(HttpClientTest, NothingIsSentOnceMoreAfterAByteOfAnAnswer) {
  MakeForRawServer();
  Start(Get("/"));
  world_.Settle();
  world_.DoAtServer([&] { raw_.last().Send(kOk); });
  world_.Settle();
  const auto call = Start(Get("/"));
  world_.Settle();
  world_.DoAtServer([&] {
    raw_.last().Send("H");
    raw_.last().ShutdownWrite();
  });
  world_.Settle();
  EXPECT_EQ(raw_.size(), 1u);
  EXPECT_EQ(call->closing.status.message(),
            "server:80: the server closed the connection amid its answer");
}

TEST_F(HttpClientTest, SaysWhyThereIsNoConnection) {
  Make({.address = {"server", 81, ""}});
  EXPECT_EQ(Fetch(Get("/"))->status(),
            base::Status(base::Code::kUnavailable, "server:81: connection refused"));
  EXPECT_EQ(client_->connection_count(), 0u);
}

TEST_F(HttpClientTest, SaysThatTheConnectionWasReset) {
  MakeForRawServer();
  const auto call = Start(Get("/"));
  world_.Settle();
  world_.wires().Break("client", "server");
  world_.Settle();
  EXPECT_EQ(call->closing.status,
            base::Status(base::Code::kUnavailable, "server:80: connection reset by peer"));
}

TEST_F(HttpClientTest, AConnectionThatDoesNotComeAboutInTimeIsGivenUp) {
  MakeForRawServer({.max_connections = 1});
  world_.wires().Cut("client", "server");
  const auto call = Start(Get("/"));
  const auto waiting = Start(Get("/"), Then::kEnd, {.connect = seconds(7)});
  world_.RunFor(milliseconds(4990));
  EXPECT_FALSE(call->closed);
  world_.RunFor(milliseconds(20));
  EXPECT_EQ(call->closing.kind, Kind::kConnectionLost);
  EXPECT_EQ(call->closing.status, base::Status(base::Code::kDeadlineExceeded,
                                               "server:80: no connection came about within 5s"));
  EXPECT_EQ(client_->connection_count(), 1u);  // for the one that waited
  world_.RunFor(seconds(2));
  EXPECT_EQ(waiting->closing.status.code(), base::Code::kDeadlineExceeded);
  EXPECT_EQ(client_->connection_count(), 0u);
}

TEST_F(HttpClientTest, ARequestThatTakesTooLongIsGivenUp) {
  MakeForRawServer();
  const Client::Timeouts timeouts{.total = seconds(3)};
  const auto call = Start(Get("/"), Then::kEnd, timeouts);
  world_.RunFor(milliseconds(2990));
  EXPECT_FALSE(call->closed);
  world_.RunFor(milliseconds(20));
  EXPECT_EQ(call->closing.status, base::Status(base::Code::kDeadlineExceeded,
                                               "server:80: the request did not end within 3s"));
  world_.Settle();
  EXPECT_TRUE(raw_.last().ended());
  world_.wires().Cut("client", "server");
  const auto unconnected = Start(Get("/"), Then::kEnd, timeouts);
  world_.RunFor(milliseconds(3010));
  EXPECT_EQ(unconnected->closing.status.message(), "server:80: the request did not end within 3s");
}

TEST_F(HttpClientTest, RequestsAreGivenUpInEveryState) {
  MakeForRawServer({.max_connections = 1});
  const auto reset = [this](const std::shared_ptr<RecordingHandler>& call) {
    world_.Do([&] {
      call->exchange->Reset(ErrorCode::kCancel);
      EXPECT_FALSE(call->closed);
      call->exchange->Reset(ErrorCode::kCancel);
    });
    EXPECT_TRUE(call->closed);
    EXPECT_EQ(call->closing.kind, Kind::kReset);
    EXPECT_EQ(call->closing.code, ErrorCode::kCancel);
  };
  const auto connecting = Start(Post("/"), Then::kContinue);
  const auto waiting = Start(Post("/"), Then::kContinue);
  reset(waiting);
  reset(connecting);
  EXPECT_EQ(client_->connection_count(), 0u);
  const auto under_way = Start(Post("/"), Then::kContinue);
  const auto next = Start(Get("/"));
  world_.Settle();
  reset(under_way);
  world_.Settle();
  world_.DoAtServer([&] { raw_.last().Send(kOk); });
  world_.Settle();
  EXPECT_EQ(next->data, "ok");
  EXPECT_EQ(client_->request_count(), 0u);
}

TEST_F(HttpClientTest, DestroyingTheClientEndsEveryRequest) {
  MakeForRawServer({.max_connections = 2});
  Start(Get("/"));
  world_.Settle();
  world_.DoAtServer([&] { raw_.last().Send(kOk); });
  world_.Settle();
  const auto under_way = Start(Get("/"));
  world_.Settle();
  const auto connecting = Start(Get("/"));
  const auto waiting = Start(Get("/"));
  Destroy();
  for (const auto& call : {under_way, connecting, waiting}) {
    EXPECT_TRUE(call->closed);
    EXPECT_EQ(call->closing.kind, Kind::kConnectionLost);
    EXPECT_EQ(call->closing.status,
              base::Status(base::Code::kCanceled, "server:80: the client is closing"));
  }
}

TEST_F(HttpClientTest, AClosedServerIsAskedAnewWhenItIsBack) {
  MakeForRawServer();
  Start(Get("/"));
  world_.Settle();
  world_.DoAtServer([&] {
    raw_.last().Send(kOk);
    raw_.last().ShutdownWrite();
  });
  world_.Settle();
  EXPECT_EQ(client_->connection_count(), 0u);
  const auto call = Start(Get("/"));
  world_.Settle();
  EXPECT_EQ(raw_.size(), 2u);
  world_.DoAtServer([&] { raw_.last().Send(kOk); });
  world_.Settle();
  EXPECT_EQ(call->data, "ok");
}

// Each request ends once, and an answer that is told to be complete is.
TEST(HttpClientChaos, EveryRequestEndsOnceWhateverTheNetworkDoes) {
  EchoService echo;
  World world(&echo);
  std::unique_ptr<Client> client;
  world.Do([&] {
    client =
        std::make_unique<Client>(&world.client_loop(), &world.client_network(),
                                 Client::Options{.address = World::kAddress, .max_connections = 3});
  });
  const Client::Timeouts timeouts{
      .connect = seconds(1), .read = seconds(1), .write = seconds(1), .total = seconds(5)};
  struct Call {
    std::shared_ptr<RecordingHandler> handler = std::make_shared<RecordingHandler>();
    base::Bytes body;
    int closings = 0;
  };
  std::vector<std::unique_ptr<Call>> calls;
  auto& random = world.scheduler().random();
  for (int round = 0; round < 300; ++round) {
    auto call = std::make_unique<Call>();
    call->body = base::Bytes(random.OneIn(5) ? random.Between(1, 200'000) : random.Between(1, 99),
                             static_cast<char>('a' + round % 26));
    world.Do([&] {
      Exchange& exchange = client->Start(Post("/echo"), Then::kContinue, call->handler, timeouts);
      call->handler->exchange = &exchange;
      exchange.SendData(base::Bytes(call->body), Then::kEnd);
    });
    if (random.OneIn(10)) world.wires().Break("client", "server");
    if (random.OneIn(10)) world.wires().Cut("client", "server");
    if (random.OneIn(3)) world.wires().JoinAll();
    if (random.OneIn(10) && call->handler->exchange != nullptr) {
      world.Do([&] { call->handler->exchange->Reset(ErrorCode::kCancel); });
    }
    calls.push_back(std::move(call));
    world.RunFor(milliseconds(random.Between(0, 50)));
  }
  world.wires().JoinAll();
  world.RunFor(seconds(10));
  size_t complete = 0;
  for (const auto& call : calls) {
    EXPECT_TRUE(call->handler->closed);
    EXPECT_EQ(call->handler->ended, call->handler->closing.kind == Kind::kComplete);
    if (!call->handler->ended) continue;
    ++complete;
    EXPECT_EQ(call->handler->data, call->body);
  }
  EXPECT_GT(complete, 100u);
  EXPECT_LT(complete, calls.size());
  EXPECT_EQ(client->request_count(), 0u);
  EXPECT_LE(client->connection_count(), 2u);
  world.Do([&] { client.reset(); });
}

}  // namespace
}  // namespace http::testing
