// What a client of HTTP/1.1 sends, and what it makes of answers, as bytes.

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "net/http/client.h"
#include "net/http/testing/raw_server.h"
#include "net/http/testing/world.h"

namespace http::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Then = Exchange::Then;
using Kind = Closing::Kind;

const Headers kGet = {{":method", "GET"}, {":path", "/a?b"}};
const Headers kPost = {{":method", "POST"}, {":path", "/raft"}, {"content-type", "text/plain"}};

class H1ClientSessionTest : public ::testing::Test {
 protected:
  H1ClientSessionTest() {
    world_.Do([this] {
      Client::Options options;
      options.address = RawServer::kAddress;
      client_ = std::make_unique<Client>(&world_.client_loop(), &world_.client_network(), options);
    });
  }
  ~H1ClientSessionTest() override {
    world_.Do([this] { client_.reset(); });
  }

  std::shared_ptr<RecordingHandler> Start(const Headers& head, Then then = Then::kEnd,
                                          bool consume = true,
                                          const Client::Timeouts& timeouts = {}) {
    auto handler = std::make_shared<RecordingHandler>(consume);
    world_.Do([&] { handler->exchange = &client_->Start(head, then, handler, timeouts); });
    world_.Settle();
    return handler;
  }
  // A request and what becomes of it when this is the answer, after which the server says no more.
  std::shared_ptr<RecordingHandler> Ask(const Headers& head, const base::Bytes& answer,
                                        bool server_closes = false) {
    auto handler = Start(head);
    Answer(answer);
    if (server_closes) {
      world_.DoAtServer([this] { server_.last().ShutdownWrite(); });
      world_.Settle();
    }
    return handler;
  }
  void Answer(const base::Bytes& answer) {
    world_.DoAtServer([&] { server_.last().Send(answer); });
    world_.Settle();
  }

  EchoService service_;
  World world_{&service_};
  RawServer server_{&world_};
  std::unique_ptr<Client> client_;
};

TEST_F(H1ClientSessionTest, SendsAGet) {
  Start({{":method", "GET"}, {":path", "/a?b=%20"}, {"x-server-from", "1f"}});
  EXPECT_EQ(server_.last().received(),
            "GET /a?b=%20 HTTP/1.1\r\nHost: server:80\r\nX-Server-From: 1f\r\n\r\n");
}

TEST_F(H1ClientSessionTest, SendsABodyWithItsLength) {
  Headers head = kPost;
  head.Add("content-length", "6");
  const auto call = Start(head, Then::kContinue);
  world_.Do([&] {
    call->exchange->SendData(base::Bytes("all "), Then::kContinue);
    call->exchange->SendData(base::Bytes("is"), Then::kEnd);
  });
  world_.Settle();
  EXPECT_EQ(server_.last().received(),
            "POST /raft HTTP/1.1\r\nHost: server:80\r\nContent-Type: text/plain\r\n"
            "Content-Length: 6\r\n\r\nall is");
}

TEST_F(H1ClientSessionTest, SendsABodyInChunks) {
  const auto call = Start(kPost, Then::kContinue);
  world_.Do([&] {
    call->exchange->SendData(base::Bytes("all is well here"), Then::kContinue);
    call->exchange->SendData(base::Bytes(), Then::kContinue);
    call->exchange->SendTrailers({{"x-trailer", "done"}});
  });
  world_.Settle();
  EXPECT_TRUE(server_.last().received().ends_with(
      "Transfer-Encoding: chunked\r\n\r\n10\r\nall is well here\r\n0\r\nX-Trailer: done\r\n\r\n"));
}

TEST_F(H1ClientSessionTest, APostWithoutABodySaysSo) {
  Start(kPost);
  EXPECT_TRUE(server_.last().received().ends_with("Content-Length: 0\r\n\r\n"));
}

TEST_F(H1ClientSessionTest, ABodyOfAnotherLengthThanNamedIsGivenUp) {
  Headers head = kPost;
  head.Add("content-length", "5");
  for (const base::Bytes& body : {base::Bytes("four"), base::Bytes("sixsix")}) {
    const auto call = Start(head, Then::kContinue);
    world_.Do([&] { call->exchange->SendData(base::Bytes(body), Then::kEnd); });
    world_.Settle();
    EXPECT_TRUE(call->closed);
    EXPECT_EQ(call->closing.kind, Kind::kReset);
    EXPECT_EQ(call->closing.code, ErrorCode::kInternalError);
    EXPECT_TRUE(server_.last().ended());
  }
}

TEST_F(H1ClientSessionTest, AHeadThatCannotBeSentIsRefused) {
  for (const Headers& head :
       std::vector<Headers>{{{":method", "GET"}},
                            {{":method", "GET"}, {":path", "a"}},
                            {{":method", "GET"}, {":path", "/a b"}},
                            {{":method", "G T"}, {":path", "/"}},
                            {{":method", "GET"}, {":path", "/"}, {":authority", "a\r\nX: y"}},
                            {{":method", "GET"}, {":path", "/"}, {"x", "a\r\nY: z"}},
                            {{":method", "GET"}, {":path", "/"}, {"x y", "a"}},
                            {{":method", "GET"}, {":path", "/"}, {"host", "a"}},
                            {{":method", "GET"}, {":path", "/"}, {"transfer-encoding", "chunked"}},
                            {{":method", "GET"}, {":path", "/"}, {"content-length", "-1"}}}) {
    const auto call = Start(head);
    EXPECT_TRUE(call->closed);
    EXPECT_EQ(call->closing.status, base::Status(base::Code::kInvalidArgument,
                                                 "server:80: the request's head cannot be sent"));
  }
  EXPECT_EQ(server_.size(), 0u);
}

TEST_F(H1ClientSessionTest, ReadsAnAnswerWithALength) {
  const auto call =
      Ask(kGet, "HTTP/1.1 200 OK\r\nX-Etcd-Cluster-ID: ab\r\nContent-Length: 5\r\n\r\nhello");
  EXPECT_EQ(StatusCode(call->head), 200);
  EXPECT_EQ(call->head.Get("x-etcd-cluster-id"), "ab");
  EXPECT_EQ(call->data, "hello");
  EXPECT_TRUE(call->ended);
  EXPECT_TRUE(call->closed);
  EXPECT_EQ(call->closing.kind, Kind::kComplete);
  EXPECT_FALSE(server_.last().ended());
  EXPECT_EQ(client_->idle_count(), 1u);
}

TEST_F(H1ClientSessionTest, ReadsAnAnswerByteByByte) {
  for (const auto& [chunks, data] :
       {std::pair("3;x=y\r\nall\r\n4\r\n is \r\n0\r\nX-Trailer: done\r\n\r\n", "all is "),
        std::pair("0\r\nX-Trailer: done\r\n\r\n", "")}) {
    const auto call = Start(kGet);
    for (const char byte :
         base::Bytes("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n") + chunks) {
      world_.DoAtServer([&] { server_.last().Send(base::ByteView(&byte, 1)); });
      world_.RunFor(milliseconds(1));
    }
    world_.Settle();
    EXPECT_EQ(call->data, data);
    EXPECT_EQ(call->trailers.Get("x-trailer"), "done");
    EXPECT_EQ(call->closing.kind, Kind::kComplete);
    EXPECT_EQ(client_->idle_count(), 1u);
  }
}

TEST_F(H1ClientSessionTest, ReadsAnAnswerUntilTheConnectionEnds) {
  const auto call = Start(kGet);
  Answer("HTTP/1.1 200 OK\r\n\r\nto the ");
  EXPECT_EQ(call->data, "to the ");
  EXPECT_FALSE(call->ended);
  Answer("end");
  world_.DoAtServer([&] { server_.last().ShutdownWrite(); });
  world_.Settle();
  EXPECT_EQ(call->data, "to the end");
  EXPECT_TRUE(call->ended);
  EXPECT_EQ(call->closing.kind, Kind::kComplete);
  EXPECT_EQ(client_->connection_count(), 0u);
}

TEST_F(H1ClientSessionTest, SomeAnswersHaveNoBody) {
  const Headers head = {{":method", "HEAD"}, {":path", "/"}};
  for (const auto& [request, answer] :
       {std::pair(head, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"),
        std::pair(head, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
        std::pair(kGet, "HTTP/1.1 204 No Content\r\n\r\n"),
        std::pair(kGet, "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n")}) {
    const auto call = Ask(request, answer);
    EXPECT_TRUE(call->ended) << answer;
    EXPECT_EQ(call->closing.kind, Kind::kComplete);
    EXPECT_EQ(client_->idle_count(), 1u);
  }
  EXPECT_EQ(server_.size(), 1u);
}

TEST_F(H1ClientSessionTest, PassesOverInterimAnswers) {
  const auto call = Ask(kGet,
                        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
                        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  EXPECT_EQ(call->head.Get("link"), "");
  EXPECT_EQ(call->data, "ok");
  EXPECT_EQ(client_->idle_count(), 1u);
  base::Bytes many;
  for (int i = 0; i < 6; ++i) many += "HTTP/1.1 100 Continue\r\n\r\n";
  EXPECT_EQ(Ask(kGet, many)->closing.status.message(),
            "server:80: the server sent too many interim answers");
  EXPECT_EQ(Ask(kGet, "HTTP/1.1 101 Switching Protocols\r\n\r\n")->closing.status.message(),
            "server:80: the server changed the protocol unasked");
}

TEST_F(H1ClientSessionTest, KeepsTheConnectionUnlessEitherSideSaysNo) {
  const base::Bytes rest = "Content-Length: 0\r\n\r\n";
  Headers closes = kGet;
  closes.Add("connection", "close");
  for (const auto& [head, answer, is_kept] :
       {std::tuple(kGet, "HTTP/1.1 200 OK\r\n" + rest, true),
        std::tuple(kGet, "HTTP/1.1 200 OK\r\nConnection: close\r\n" + rest, false),
        std::tuple(kGet, "HTTP/1.0 200 OK\r\n" + rest, false),
        std::tuple(kGet, "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n" + rest, true),
        std::tuple(closes, "HTTP/1.1 200 OK\r\n" + rest, false)}) {
    EXPECT_EQ(Ask(head, answer)->closing.kind, Kind::kComplete);
    EXPECT_EQ(client_->idle_count(), is_kept ? 1u : 0u) << answer;
    EXPECT_EQ(server_.last().ended(), !is_kept) << answer;
  }
}

TEST_F(H1ClientSessionTest, WhatNobodyAskedForIsTakenForNoAnswer) {
  const base::Bytes answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
  EXPECT_EQ(Ask(kGet, answer + answer)->data, "ok");
  EXPECT_EQ(client_->connection_count(), 0u);
  EXPECT_EQ(Ask(kGet, answer)->data, "ok");
  EXPECT_EQ(client_->idle_count(), 1u);
  Answer("HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(client_->connection_count(), 0u);
  EXPECT_TRUE(server_.last().ended());
}

TEST_F(H1ClientSessionTest, RefusesWhatTwoReadersCouldReadDifferently) {
  const base::Bytes ok = "HTTP/1.1 200 OK\r\n";
  for (const base::Bytes& answer :
       {base::Bytes("nonsense\r\n\r\n"), base::Bytes("HTTP/2.0 200 OK\r\n\r\n"),
        base::Bytes("HTTP/1.1 20 OK\r\n\r\n"), base::Bytes("HTTP/1.1 099 OK\r\n\r\n"),
        ok + "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        ok + "Content-Length: -1\r\n\r\n", ok + "Content-Length: 5, 5\r\n\r\nhello",
        ok + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        ok + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        ok + "Transfer-Encoding: identity\r\n\r\n",
        base::Bytes("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        ok + "Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        ok + "Transfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n", ok + "Bad Name: x\r\n\r\n",
        ok + "Name : x\r\n\r\n"}) {
    const auto call = Ask(kGet, answer);
    EXPECT_FALSE(call->ended) << answer;
    EXPECT_TRUE(call->closed) << answer;
    EXPECT_EQ(call->closing.kind, Kind::kConnectionLost);
    EXPECT_TRUE(
        call->closing.status.message().starts_with("server:80: the server's answer is malformed: "))
        << call->closing.status.message();
    EXPECT_TRUE(server_.last().ended());
  }
}

TEST_F(H1ClientSessionTest, AnAlertOfTlsIsToldFromNonsense) {
  const auto call = Ask(kGet, base::Bytes("\x15\x03\x01\x00\x02\x02\x46", 7));
  EXPECT_EQ(call->closing.status.message(), "server:80: the server speaks only TLS here");
}

TEST_F(H1ClientSessionTest, WhatFramesAnAnswerIsBounded) {
  const base::Bytes text(70'000, 'x');
  for (const base::Bytes& answer :
       {"HTTP/1.1 200 OK\r\nX: " + text, "HTTP/1.1 200 " + text,
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: " + text,
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;x=" + text}) {
    const auto call = Ask(kGet, answer);
    EXPECT_TRUE(call->closed);
    EXPECT_EQ(call->closing.status.code(), base::Code::kResourceExhausted)
        << call->closing.status.message();
  }
}

TEST_F(H1ClientSessionTest, AnAnswerCutShortIsNoAnswer) {
  for (const auto& [answer, why] :
       {std::pair("",
                  "the server closed the connection before it answered; it may speak only TLS "
                  "here"),
        std::pair("HTTP/1.1 200 OK\r\nContent-Le",
                  "the server closed the connection amid its answer"),
        std::pair("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell",
                  "the server closed the connection amid its answer"),
        std::pair("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n",
                  "the server closed the connection amid its answer")}) {
    const auto call = Ask(kGet, answer, /*server_closes=*/true);
    EXPECT_FALSE(call->ended);
    EXPECT_EQ(call->closing.kind, Kind::kConnectionLost);
    EXPECT_EQ(call->closing.status.message(), "server:80: " + std::string(why));
  }
}

// As etcd answers a member that it has removed, while its snapshot is still on the way.
TEST_F(H1ClientSessionTest, AnAnswerBeforeTheEndOfTheRequestIsDelivered) {
  const auto call = Start(kPost, Then::kContinue);
  world_.Do([&] { call->exchange->SendData(base::Bytes(1'000'000, 'x'), Then::kContinue); });
  server_.last().PauseReading();
  Answer("HTTP/1.1 403 Forbidden\r\nContent-Length: 7\r\n\r\nremoved");
  EXPECT_EQ(StatusCode(call->head), 403);
  EXPECT_EQ(call->data, "removed");
  EXPECT_TRUE(call->ended);
  EXPECT_EQ(call->closing.kind, Kind::kComplete);
  EXPECT_EQ(client_->connection_count(), 0u);
}

TEST_F(H1ClientSessionTest, ARequestMayGoOnAfterTheAnswerHasBegun) {
  const auto call = Start(kPost, Then::kContinue);
  Answer("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n");
  EXPECT_EQ(call->data, "he");
  world_.Do([&] { call->exchange->SendData(base::Bytes("more"), Then::kEnd); });
  world_.Settle();
  EXPECT_TRUE(server_.last().received().ends_with("4\r\nmore\r\n0\r\n\r\n"));
  Answer("0\r\n\r\n");
  EXPECT_EQ(call->closing.kind, Kind::kComplete);
  EXPECT_EQ(client_->idle_count(), 1u);
}

TEST_F(H1ClientSessionTest, SendsNoFasterThanTheServerTakes) {
  const auto call = Start(kPost, Then::kContinue);
  server_.last().PauseReading();
  size_t sent = 0;
  world_.Do([&] {
    for (; call->exchange->writable(); sent += 10'000) {
      call->exchange->SendData(base::Bytes(10'000, 'x'), Then::kContinue);
    }
  });
  world_.Settle();
  EXPECT_LT(sent, Limits{}.stream_send_buffer + 20'000);
  // What is in the socket and in the output makes room for a little more.
  for (int i = 0; i < 10; ++i) {
    world_.Do([&] {
      for (; call->exchange->writable(); sent += 10'000) {
        call->exchange->SendData(base::Bytes(10'000, 'x'), Then::kContinue);
      }
    });
    world_.Settle();
  }
  EXPECT_LT(sent, 2 * Limits{}.stream_send_buffer + 200'000);
  EXPECT_FALSE(call->closed);
  const int events = call->writable_events;
  world_.DoAtServer([&] { server_.last().ResumeReading(); });
  world_.RunFor(seconds(1));
  EXPECT_GT(call->writable_events, events);
  EXPECT_GE(server_.last().received().size(), sent);
}

TEST_F(H1ClientSessionTest, ReadsNoFasterThanTheAnswerIsConsumed) {
  const auto call = Start(kGet, Then::kEnd, /*consume=*/false);
  constexpr size_t kBody = 4'000'000;
  world_.DoAtServer([&] {
    server_.last().Send("HTTP/1.1 200 OK\r\nContent-Length: 4000000\r\n\r\n" +
                        base::Bytes(kBody, 'x'));
  });
  world_.RunFor(seconds(5));
  EXPECT_GE(call->data.size(), Limits{}.stream_window);
  EXPECT_LE(call->data.size(), Limits{}.stream_window + 128 * 1024);
  size_t consumed = 0;
  while (!call->closed) {
    world_.Do([&] {
      const size_t more = call->data.size() - std::exchange(consumed, call->data.size());
      ASSERT_GT(more, 0u);
      call->exchange->Consume(more);
    });
    world_.RunFor(seconds(1));
  }
  EXPECT_EQ(call->data.size(), kBody);
  EXPECT_EQ(call->closing.kind, Kind::kComplete);
}

TEST_F(H1ClientSessionTest, GivesUpAtOnceEvenIfTheSocketIsFull) {
  const auto call = Start(kPost, Then::kContinue);
  server_.last().PauseReading();
  world_.Do([&] { call->exchange->SendData(base::Bytes(1'000'000, 'x'), Then::kContinue); });
  world_.Settle();
  world_.Do([&] { call->exchange->Reset(ErrorCode::kCancel); });
  EXPECT_TRUE(call->closed);
  EXPECT_EQ(call->closing.kind, Kind::kReset);
  EXPECT_EQ(call->closing.code, ErrorCode::kCancel);
  EXPECT_EQ(client_->connection_count(), 0u);
}

TEST_F(H1ClientSessionTest, AServerThatSaysNothingIsGivenUp) {
  const Client::Timeouts timeouts{.read = seconds(5)};
  const auto silent = Start(kGet, Then::kEnd, true, timeouts);
  world_.RunFor(seconds(4));
  EXPECT_FALSE(silent->closed);
  world_.RunFor(seconds(2));
  EXPECT_EQ(silent->closing.kind, Kind::kConnectionLost);
  EXPECT_EQ(silent->closing.status,
            base::Status(base::Code::kDeadlineExceeded,
                         "server:80: no byte arrived from the server for 5s"));
  // One that says something now and then is not.
  const auto slow = Start(kGet, Then::kEnd, true, timeouts);
  Answer("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
  for (int i = 0; i < 5; ++i) {
    Answer("1\r\na\r\n");
    world_.RunFor(seconds(4));
  }
  EXPECT_FALSE(slow->closed);
  world_.RunFor(seconds(2));
  EXPECT_EQ(slow->closing.status.code(), base::Code::kDeadlineExceeded);
  EXPECT_TRUE(server_.last().ended());
}

TEST_F(H1ClientSessionTest, NobodyIsGivenUpForWhatThisEndHasNotDone) {
  const Client::Timeouts timeouts{.read = seconds(5)};
  const auto unsent = Start(kPost, Then::kContinue, true, timeouts);
  const auto unread = Start(kGet, Then::kEnd, /*consume=*/false, timeouts);
  world_.DoAtServer([&] {
    server_.last().Send("HTTP/1.1 200 OK\r\nContent-Length: 4000000\r\n\r\n" +
                        base::Bytes(4'000'000, 'x'));
  });
  world_.RunFor(seconds(30));
  EXPECT_FALSE(unsent->closed);
  EXPECT_FALSE(unread->closed);
}

TEST_F(H1ClientSessionTest, AServerThatTakesNothingIsGivenUp) {
  const auto call = Start(kPost, Then::kContinue, true, Client::Timeouts{.write = seconds(5)});
  server_.last().PauseReading();
  world_.Do([&] { call->exchange->SendData(base::Bytes(1'000'000, 'x'), Then::kEnd); });
  world_.RunFor(seconds(4));
  EXPECT_FALSE(call->closed);
  world_.RunFor(seconds(2));
  EXPECT_EQ(call->closing.status, base::Status(base::Code::kDeadlineExceeded,
                                               "server:80: the server took no byte for 5s"));
}

}  // namespace
}  // namespace http::testing
