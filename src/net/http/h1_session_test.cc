#include <gtest/gtest.h>

#include <string>

#include "net/http/plain.h"
#include "net/http/session.h"
#include "net/http/testing/world.h"

namespace http::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

base::Bytes Get(const std::string& path, const std::string& fields = "") {
  return "GET " + path + " HTTP/1.1\r\nHost: server\r\n" + fields + "\r\n";
}

class H1SessionTest : public ::testing::Test {
 protected:
  H1SessionTest() {
    plain_.Handle("/hello", [](const PlainRequest& request, Responder responder) {
      PlainResponse response;
      response.fields.Add("content-type", "text/plain");
      response.body = "hello " + base::Bytes(Query(request.head)) + base::Bytes(request.body);
      responder.Send(std::move(response));
    });
    plain_.Handle("/late",
                  [this](const PlainRequest&, Responder responder) { late_.push_back(responder); });
    plain_.Handle("/below/", [](const PlainRequest& request, Responder responder) {
      responder.Send(TextResponse(200, Path(request.head)));
    });
  }

  base::Bytes Exchange(const base::Bytes& request) {
    RawClient& client = world_.ConnectRaw();
    client.Send(request);
    world_.Settle();
    return client.received();
  }

  PlainService plain_{1000};
  std::vector<Responder> late_;
  World world_{&plain_};
};

TEST_F(H1SessionTest, AnswersAGet) {
  EXPECT_EQ(Exchange(Get("/hello?world")),
            "HTTP/1.1 200 OK\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\n"
            "Content-Type: text/plain\r\nContent-Length: 11\r\n\r\nhello world");
}

TEST_F(H1SessionTest, DatesItsAnswers) {
  RawClient& client = world_.ConnectRaw();
  world_.RunFor(std::chrono::seconds(3));
  client.Send(Get("/hello"));
  world_.Settle();
  EXPECT_NE(client.received().find("\r\nDate: Thu, 01 Jan 1970 00:00:03 GMT\r\n"),
            base::Bytes::npos)
      << client.received();
}

TEST_F(H1SessionTest, AnswersAPostWithALength) {
  EXPECT_TRUE(Exchange("POST /hello HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nthere")
                  .ends_with("hello there"));
}

TEST_F(H1SessionTest, AnswersAPostInChunks) {
  EXPECT_TRUE(Exchange("POST /hello HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                       "3\r\nall\r\n6\r\n of it\r\n0\r\n\r\n")
                  .ends_with("hello all of it"));
}

TEST_F(H1SessionTest, ReadsARequestThatArrivesByteByByte) {
  for (const auto& [chunks, body] :
       {std::pair("3\r\nall\r\n0\r\n\r\n", "all"), std::pair("0\r\n\r\n", ""),
        std::pair("00;x\r\nTrailer: done\r\n\r\n", "")}) {
    RawClient& client = world_.ConnectRaw();
    for (const char byte : base::Bytes("POST /hello HTTP/1.1\r\nHost: x\r\n"
                                       "Transfer-Encoding: chunked\r\n\r\n") +
                               chunks) {
      client.Send(base::ByteView(&byte, 1));
      world_.RunFor(milliseconds(1));
    }
    world_.Settle();
    EXPECT_TRUE(client.received().ends_with("hello " + base::Bytes(body))) << client.received();
  }
}

TEST_F(H1SessionTest, HeadHasNoBody) {
  EXPECT_TRUE(
      Exchange("HEAD /hello HTTP/1.1\r\nHost: x\r\n\r\n").ends_with("Content-Length: 6\r\n\r\n"));
}

TEST_F(H1SessionTest, AnswersPipelinedRequestsInOrder) {
  RawClient& client = world_.ConnectRaw();
  client.Send(Get("/late") + Get("/hello?second") + Get("/hello?third"));
  world_.Settle();
  EXPECT_EQ(client.received(), "");
  ASSERT_EQ(late_.size(), 1u);
  world_.DoAtServer([&] { late_[0].Send(TextResponse(200, "first")); });
  world_.Settle();
  const base::Bytes& received = client.received();
  EXPECT_LT(received.find("first"), received.find("second"));
  EXPECT_LT(received.find("second"), received.find("third"));
  EXPECT_TRUE(received.ends_with("third"));
}

TEST_F(H1SessionTest, KeepsTheConnectionUnlessAskedToClose) {
  RawClient& keeps = world_.ConnectRaw();
  keeps.Send(Get("/hello"));
  RawClient& closes = world_.ConnectRaw();
  closes.Send(Get("/hello", "Connection: close\r\n"));
  RawClient& old = world_.ConnectRaw();
  old.Send("GET /hello HTTP/1.0\r\n\r\n");
  world_.Settle();
  EXPECT_FALSE(keeps.ended());
  EXPECT_TRUE(closes.ended());
  EXPECT_NE(closes.received().find("Connection: close\r\n"), base::Bytes::npos);
  EXPECT_TRUE(old.ended());
  EXPECT_TRUE(old.received().ends_with("hello "));
}

TEST_F(H1SessionTest, UnknownPathsAreAnsweredAsGoDoes) {
  const base::Bytes answer = Exchange(Get("/nothing"));
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 404 Not Found\r\n"));
  EXPECT_TRUE(answer.ends_with("\r\n\r\n404 page not found\n"));
}

TEST_F(H1SessionTest, APathThatEndsInASlashTakesAllBelow) {
  EXPECT_TRUE(Exchange(Get("/below/a/b?c")).ends_with("/below/a/b?c\n"));
  EXPECT_TRUE(Exchange(Get("/belowx")).starts_with("HTTP/1.1 404"));
}

TEST_F(H1SessionTest, RefusesABodyThatIsTooLarge) {
  EXPECT_TRUE(Exchange("POST /hello HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\n\r\n" +
                       base::Bytes(5000, 'x'))
                  .starts_with("HTTP/1.1 413 "));
}

TEST_F(H1SessionTest, AnswersExpectContinue) {
  RawClient& client = world_.ConnectRaw();
  client.Send(
      "POST /hello HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  world_.Settle();
  EXPECT_EQ(client.received(), "HTTP/1.1 100 Continue\r\n\r\n");
  client.Send("ok");
  world_.Settle();
  EXPECT_TRUE(client.received().ends_with("hello ok"));
}

// The answer to one that is too large, here more than 1000 bytes, does not wait for it.
TEST_F(H1SessionTest, ABodyThatNobodyWantsIsPassedOverIfItIsShort) {
  const auto post = [](const std::string& fields) {
    return "POST /hello HTTP/1.1\r\nHost: x\r\n" + fields + "\r\n";
  };
  const auto chunk = [](size_t size) {
    char length[16];
    std::snprintf(length, sizeof length, "%zx\r\n", size);
    return length + base::Bytes(size, 'x') + "\r\n";
  };
  for (const base::Bytes& request :
       {post("Content-Length: 200000\r\n") + base::Bytes(200'000, 'x'),
        post("Transfer-Encoding: chunked\r\n") + chunk(200'000) + "0\r\n\r\n"}) {
    RawClient& client = world_.ConnectRaw();
    client.Send(request + Get("/hello"));
    world_.RunFor(std::chrono::seconds(1));
    EXPECT_TRUE(client.received().starts_with("HTTP/1.1 413 ")) << client.received();
    EXPECT_TRUE(client.received().ends_with("hello ")) << client.received();
    EXPECT_FALSE(client.ended());
  }
  for (const base::Bytes& request :
       {post("Content-Length: 300000\r\n") + base::Bytes(2'000, 'x'),
        post("Transfer-Encoding: chunked\r\n") + chunk(5000) + chunk(300'000)}) {
    RawClient& client = world_.ConnectRaw();
    client.Send(request);
    world_.RunFor(std::chrono::seconds(1));
    EXPECT_TRUE(client.received().starts_with("HTTP/1.1 413 ")) << client.received();
    EXPECT_TRUE(client.ended());
  }
}

TEST_F(H1SessionTest, RefusesWhatTwoReadersCouldReadDifferently) {
  const std::vector<base::Bytes> bad = {
      "nonsense\r\n\r\n",
      "GET /hello\r\n\r\n",
      "GET /hello HTTP/1.1\r\n\r\n",
      "GET /hello HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
      "GET /hello HTTP/1.1\r\nHost : a\r\n\r\n",
      "GET /hello HTTP/1.1\r\nHost: a\r\nBad\x01Name: b\r\n\r\n",
      "POST /hello HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
      "POST /hello HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
      "POST /hello HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n"
      "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      "POST /hello HTTP/1.1\r\nHost: a\r\nContent-Length: 5, 5\r\n\r\nhello",
      "POST /hello HTTP/1.1\r\nHost: a\r\nContent-Length: +5\r\n\r\nhello",
      "GET hello HTTP/1.1\r\nHost: a\r\n\r\n",
      "GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n",
      "GET /hello%2 HTTP/1.1\r\nHost: a\r\n\r\n",
      "POST /hello HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
      "POST /hello HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
      "fffffffffffffffff\r\n",
  };
  for (const base::Bytes& request : bad) {
    RawClient& client = world_.ConnectRaw();
    client.Send(request);
    world_.Settle();
    EXPECT_TRUE(client.received().starts_with("HTTP/1.1 400 Bad Request\r\n")) << request;
    EXPECT_TRUE(client.ended()) << request;
  }
  EXPECT_EQ(world_.abuse(Abuse::kMalformedHttp1), bad.size());
}

TEST_F(H1SessionTest, CodingsAndExpectationsThatThereAreNotAreToldApart) {
  const auto first_line = [this](const base::Bytes& fields) {
    const base::Bytes answer =
        Exchange("POST /hello HTTP/1.1\r\nHost: a\r\n" + fields + "Content-Length: 0\r\n\r\n");
    return answer.substr(0, answer.find("\r\n"));
  };
  EXPECT_EQ(first_line("Transfer-Encoding: gzip, chunked\r\n"), "HTTP/1.1 501 Not Implemented");
  EXPECT_EQ(first_line("Transfer-Encoding: identity\r\n"), "HTTP/1.1 501 Not Implemented");
  EXPECT_EQ(first_line("Expect: tea\r\n"), "HTTP/1.1 417 Expectation Failed");
  EXPECT_TRUE(Exchange("GET /hello HTTP/1.1\r\nHost: x\r\nExpect: tea\r\n\r\n")
                  .ends_with("Content-Length: 0\r\nConnection: close\r\n\r\n"));
  EXPECT_EQ(first_line("Expect: 100-CONTINUE\r\n"), "HTTP/1.1 100 Continue");
  EXPECT_TRUE(Exchange("GET /hello HTTP/1.1\r\n\r\n")
                  .ends_with("400 Bad Request: missing required Host header"));
  EXPECT_TRUE(Exchange("GET /hello HTTP/1.1\r\nHost: a b\r\n\r\n")
                  .ends_with("400 Bad Request: malformed Host header"));
  EXPECT_TRUE(Exchange("GET /hello HTTP/1.1\r\nHost: [::1%25eth0]:2379\r\n\r\n")
                  .starts_with("HTTP/1.1 200 OK\r\n"));
}

TEST_F(H1SessionTest, AnOlderClientKnowsNoChunks) {
  const base::Bytes answer =
      Exchange("POST /hello HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
  EXPECT_TRUE(answer.ends_with("400 Bad Request: Transfer-Encoding in HTTP/1.0")) << answer;
}

TEST_F(H1SessionTest, AnOlderClientIsAnsweredInItsVersion) {
  const auto old = [this](const base::Bytes& fields) {
    return Exchange("GET /hello HTTP/1.0\r\n" + fields + "\r\n");
  };
  EXPECT_TRUE(old("").starts_with("HTTP/1.0 200 OK\r\n"));
  EXPECT_EQ(old("").find("Connection:"), base::Bytes::npos);
  EXPECT_NE(old("Connection: keep-alive\r\n").find("\r\nConnection: keep-alive\r\n"),
            base::Bytes::npos);
  RawClient& client = world_.ConnectRaw();
  for (int i = 0; i < 2; ++i) {
    client.Send("GET /hello HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n");
    world_.Settle();
    EXPECT_FALSE(client.ended());
  }
}

TEST_F(H1SessionTest, APathMayBePercentEncoded) {
  EXPECT_TRUE(Exchange(Get("/%68ell%6F?world")).ends_with("hello world"));
  EXPECT_TRUE(Exchange(Get("/hello?a%20b")).ends_with("hello a%20b"));
  EXPECT_TRUE(Exchange(Get("/hello%3Fworld")).ends_with("404 page not found\n"));
  // What could end a field, or begin a tag, stays as it was sent.
  EXPECT_TRUE(Exchange(Get("/below/%0d%0aa:%20b")).ends_with("/below/%0d%0aa:%20b\n"));
  EXPECT_TRUE(Exchange(Get("/below/%22%3Cb")).ends_with("/below/%22%3Cb\n"));
}

TEST_F(H1SessionTest, ATunnelIsAskedForAtAPathOrToAHost) {
  const auto connect = [this](const std::string& target) {
    return Exchange("CONNECT " + target + " HTTP/1.1\r\nHost: a\r\n\r\n");
  };
  EXPECT_TRUE(connect("/below/%68ell%6F").ends_with("/below/hello\n"));
  for (const char* target : {"a:1", "hello", "http://a/hello"}) {
    EXPECT_TRUE(connect(target).ends_with("404 page not found\n")) << target;
  }
  EXPECT_TRUE(connect("*").starts_with("HTTP/1.1 400 "));
}

TEST_F(H1SessionTest, ChunksMayNotBeMostlySomethingElse) {
  const auto chunked = [this](const base::Bytes& body) {
    return Exchange("POST /hello HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + body);
  };
  const base::Bytes end = "0\r\n\r\n";
  EXPECT_TRUE(chunked("2;a=" + base::Bytes(1000, 'b') + "\r\nok\r\n" + end).ends_with("hello ok"));
  EXPECT_TRUE(chunked("2;a=" + base::Bytes(5000, 'b') + "\r\nok\r\n" + end)
                  .starts_with("HTTP/1.1 400 Bad Request\r\n"));
  base::Bytes many;
  for (int i = 0; i < 100; ++i) many += "1;a=" + base::Bytes(300, 'b') + "\r\nx\r\n";
  EXPECT_TRUE(chunked(many + end).starts_with("HTTP/1.1 400 Bad Request\r\n"));
  base::Bytes small;
  for (int i = 0; i < 900; ++i) small += "1\r\nx\r\n";
  EXPECT_TRUE(chunked(small + end).starts_with("HTTP/1.1 200 OK\r\n"));
}

TEST_F(H1SessionTest, RefusesAHeadThatIsTooLarge) {
  EXPECT_TRUE(Exchange(Get("/hello", "X: " + base::Bytes(70'000, 'x') + "\r\n"))
                  .starts_with("HTTP/1.1 431 "));
  EXPECT_EQ(world_.abuse(Abuse::kHeaderListTooLarge), 1u);
}

TEST_F(H1SessionTest, RefusesTrailersAndChunkHeadersWithoutEnd) {
  const base::Bytes field = "x-trailer: " + base::Bytes(1000, 'x') + "\r\n";
  const base::Bytes text(1000, 'x');
  for (const auto& [begin, more] : {std::pair("0\r\n", field), std::pair("5;extension=", text)}) {
    RawClient& client = world_.ConnectRaw();
    client.Send("POST /hello HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    client.Send(begin);
    for (int i = 0; i < 1000; ++i) client.Send(more);
    world_.RunFor(seconds(1));
    EXPECT_TRUE(client.ended());
    EXPECT_TRUE(client.received().starts_with("HTTP/1.1 431 "));
  }
  EXPECT_EQ(world_.abuse(Abuse::kHeaderListTooLarge), 2u);
}

TEST_F(H1SessionTest, CutsOffSlowHeadsAndIdleConnections) {
  world_.ConnectRaw().Send("GET /hello HTTP/1.1\r\nHost:");
  world_.ConnectRaw().Send(Get("/hello"));
  world_.RunFor(Limits{}.header_timeout + seconds(2));
  EXPECT_EQ(world_.abuse(Abuse::kSlowHeaders), 1u);
  EXPECT_EQ(world_.server().connection_count(), 1u);
  world_.RunFor(Limits{}.http1_idle_timeout + seconds(2));
  EXPECT_EQ(world_.abuse(Abuse::kIdle), 1u);
  EXPECT_EQ(world_.server().connection_count(), 0u);
}

TEST_F(H1SessionTest, DrainingAnswersTheOpenRequestAndCloses) {
  RawClient& busy = world_.ConnectRaw();
  busy.Send(Get("/late"));
  RawClient& idle = world_.ConnectRaw();
  idle.Send(Get("/hello"));
  RawClient& silent = world_.ConnectRaw();
  world_.Settle();
  world_.RunFor(kDrainNotice);
  bool drained = false;
  world_.DoAtServer([&] { world_.server().Drain([&] { drained = true; }); });
  world_.Settle();
  EXPECT_TRUE(idle.ended());
  EXPECT_TRUE(silent.ended());
  EXPECT_FALSE(drained);
  world_.DoAtServer([&] { late_[0].Send(TextResponse(200, "at last")); });
  world_.Settle();
  EXPECT_TRUE(busy.received().ends_with("at last\n"));
  busy.Close();
  idle.Close();
  world_.RunFor(seconds(3));
  EXPECT_TRUE(drained);
}

// The client has not yet been told, and its next request may be on its way.
TEST_F(H1SessionTest, DrainingAnswersARequestThatWasOnItsWay) {
  RawClient& reused = world_.ConnectRaw();
  reused.Send(Get("/hello?first"));
  RawClient& halfway = world_.ConnectRaw();
  halfway.Send("GET /hello?split HTTP/1.1\r\nHo");
  RawClient& opened = world_.ConnectRaw();
  world_.DoAtServer([&] { world_.server().Drain([] {}); });
  world_.Settle();
  for (RawClient* client : {&reused, &halfway, &opened}) EXPECT_FALSE(client->ended());
  reused.Send(Get("/hello?second"));
  halfway.Send("st: x\r\n\r\n");
  opened.Send(Get("/hello?third"));
  world_.Settle();
  EXPECT_TRUE(reused.received().ends_with("hello second"));
  EXPECT_TRUE(halfway.received().ends_with("hello split"));
  EXPECT_TRUE(opened.received().ends_with("hello third"));
  for (RawClient* client : {&reused, &halfway, &opened}) {
    EXPECT_NE(client->received().find("Connection: close\r\n"), base::Bytes::npos);
    EXPECT_TRUE(client->ended());
  }
}

TEST_F(H1SessionTest, DrainingWaitsForNoRequestForLong) {
  RawClient& reused = world_.ConnectRaw();
  reused.Send(Get("/hello"));
  RawClient& halfway = world_.ConnectRaw();
  halfway.Send("GET /hello HTTP/1.1\r\nHo");
  RawClient& opened = world_.ConnectRaw();
  bool drained = false;
  world_.DoAtServer([&] { world_.server().Drain([&] { drained = true; }); });
  world_.RunFor(kDrainNotice - milliseconds(1));
  for (RawClient* client : {&reused, &halfway, &opened}) EXPECT_FALSE(client->ended());
  world_.RunFor(seconds(1));
  for (RawClient* client : {&reused, &halfway, &opened}) EXPECT_TRUE(client->ended());
  EXPECT_TRUE(drained);
}

TEST_F(H1SessionTest, AnAnswerThatBeganBeforeTheDrainMayBeFollowedByOneMore) {
  EchoService echo;
  World world(&echo);
  RawClient& client = world.ConnectRaw();
  client.Send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n");
  world.Settle();
  EXPECT_EQ(client.received().find("Connection: close\r\n"), base::Bytes::npos);
  world.DoAtServer([&] { world.server().Drain([] {}); });
  client.Send("a");
  world.Settle();
  EXPECT_FALSE(client.ended());
  client.Send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nb");
  world.Settle();
  EXPECT_NE(client.received().find("Connection: close\r\n"), base::Bytes::npos);
  EXPECT_TRUE(client.ended());
}

TEST_F(H1SessionTest, AnAnswerAfterTheClientHasGoneIsDropped) {
  RawClient& client = world_.ConnectRaw();
  client.Send(Get("/late"));
  world_.Settle();
  world_.wires().Break("client", "server");
  world_.Settle();
  world_.DoAtServer([&] { late_[0].Send(TextResponse(200, "nobody listens")); });
  world_.Settle();
  EXPECT_EQ(client.received(), "");
  EXPECT_EQ(world_.server().connection_count(), 0u);
}

TEST_F(H1SessionTest, TheSameEndpointsAnswerOverHttp2) {
  Connection& client = world_.ConnectHttp2();
  const auto call = world_.Request(client, Exchange::Then::kEnd, "/hello?again");
  world_.Settle();
  EXPECT_EQ(StatusCode(call->head), 200);
  EXPECT_EQ(call->data, "hello again");
  EXPECT_FALSE(call->exchange != nullptr);
}

// Answers each request when that is to come to an end, as what waits for others does.
class WaitingService final : public Service {
 public:
  std::shared_ptr<ExchangeHandler> OnRequest(Exchange& exchange) override {
    ++waiting;
    return std::make_shared<Handler>(this, &exchange);
  }

  int waiting = 0;

 private:
  struct Handler final : ExchangeHandler {
    Handler(WaitingService* the_service, Exchange* the_exchange)
        : service(*the_service), exchange(*the_exchange) {}
    void OnData(base::ByteView) override {}
    void OnEnd(const Headers&) override {}
    void OnWritable() override {}
    void OnDrain() override { exchange.SendHead({{":status", "200"}}, Exchange::Then::kEnd); }
    void OnClosed(const Closing&) override { --service.waiting; }

    WaitingService& service;
    Exchange& exchange;
  };
};

TEST(H1Streaming, WhoLeavesIsNoticedThoughMoreWasSentThanIsTaken) {
  base::Bytes many;
  while (many.size() < 200'000) many += Get("/wait");
  for (const base::Bytes& more : {base::Bytes(), base::Bytes("\r\n"), Get("/wait"), many}) {
    WaitingService service;
    World world(&service);
    RawClient& client = world.ConnectRaw();
    client.Send(Get("/wait") + more);
    world.RunFor(seconds(2));
    EXPECT_EQ(service.waiting, 1);
    EXPECT_EQ(client.received(), "");
    client.Close();
    world.RunFor(seconds(2));
    EXPECT_EQ(service.waiting, 0) << more.size();
    EXPECT_EQ(world.server().connection_count(), 0u) << more.size();
  }
}

TEST(H1Streaming, WhoSendsNoMoreIsAnsweredAllThatHeHasAsked) {
  WaitingService service;
  World world(&service);
  RawClient& client = world.ConnectRaw();
  client.Send(Get("/wait?1") + Get("/wait?2") + Get("/wait?3"));
  client.ShutdownWrite();
  world.RunFor(seconds(3));
  size_t answers = 0;
  for (size_t at = 0; (at = client.received().find("200 OK", at)) != base::Bytes::npos; ++at) {
    ++answers;
  }
  EXPECT_EQ(answers, 3u);
  EXPECT_TRUE(client.ended());
}

TEST(H1Streaming, CutsOffAReaderThatHasStopped) {
  EchoService service;
  World world(&service);
  RawClient& client = world.ConnectRaw();
  client.PauseReading();
  client.Send("GET /big/4000000 HTTP/1.1\r\nHost: x\r\n\r\n");
  world.RunFor(Limits{}.stall_timeout + seconds(5));
  EXPECT_EQ(world.abuse(Abuse::kStalledReader), 1u);
  EXPECT_TRUE(service.last->closed);
  EXPECT_EQ(world.server().connection_count(), 0u);
}

TEST(H1Streaming, ChunksAnAnswerOfUnknownLengthAndReadsAsFastAsItIsConsumed) {
  EchoService service;
  World world(&service);
  RawClient& client = world.ConnectRaw();
  client.Send("POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
  world.Settle();
  EXPECT_TRUE(client.received().ends_with("Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"));
  client.Send("0\r\n\r\n");
  world.Settle();
  EXPECT_TRUE(client.received().ends_with("0\r\nX-Trailer: done\r\n\r\n"));

  RawClient& stalled = world.ConnectRaw();
  stalled.Send("POST /never HTTP/1.1\r\nHost: x\r\nContent-Length: 4000000\r\n\r\n" +
               base::Bytes(4'000'000, 'x'));
  world.RunFor(seconds(5));
  EXPECT_LE(service.last->received, Limits{}.stream_window + 128 * 1024);
}

}  // namespace
}  // namespace http::testing
