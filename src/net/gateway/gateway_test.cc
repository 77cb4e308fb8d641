#include "net/gateway/gateway.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/come_back.h"
#include "base/errors.h"
#include "net/gateway/access_control.h"
#include "net/gateway/transcoder.h"
#include "net/http/plain.h"
#include "net/http/testing/world.h"
#include "net/rpc/server.h"
#include "proto/rpc.pb.h"

namespace gateway {
namespace {

// A megabyte.
base::Bytes LargeResponse() {
  etcdserverpb::RangeResponse response;
  response.add_kvs()->set_value(std::string(1'000'000, 'v'));
  return response.SerializeAsString();
}

// Answers with it, in pieces, of which `good` bytes are to be had.
void AnswerInPieces(const std::shared_ptr<rpc::ServerCall>& call, size_t good) {
  static const base::Bytes all = LargeResponse();
  call->ReplyInPieces(all.size(),
                      [good, begin = size_t{0}](size_t max) mutable -> base::Result<base::Bytes> {
                        if (begin >= good) return base::errors::kCompacted;
                        base::Bytes piece = all.substr(begin, max);
                        begin += piece.size();
                        return piece;
                      });
}

// The same, made as a whole.
void AnswerAsAWhole(const std::shared_ptr<rpc::ServerCall>& call) {
  const base::Bytes all = LargeResponse();
  if (call->Reserve(all.size())) call->Reply(rpc::Message(all));
}

// Answers a range with one pair, whose value is the request's key and what metadata came with it.
void AnswerRange(const std::shared_ptr<rpc::ServerCall>& call, base::ByteView bytes) {
  etcdserverpb::RangeRequest request;
  CHECK(request.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())));
  if (request.key().empty()) return call->Finish(base::errors::kEmptyKey);
  if (request.key() == "large") return AnswerInPieces(call, 2'000'000);
  if (request.key() == "torn") return AnswerInPieces(call, 500'000);
  if (request.key() == "whole") return AnswerAsAWhole(call);
  if (request.key() == "early") {
    return call->Finish({base::Code::kResourceExhausted, "too early"},
                        {{base::kComeBackTrailer, "1001"}});
  }
  etcdserverpb::RangeResponse response;
  response.mutable_header()->set_revision(int64_t{1} << 60);
  response.set_count(1);
  auto* const kv = response.add_kvs();
  kv->set_key(request.key());
  kv->set_value(base::Bytes(call->metadata().Get("authorization")) + "|" +
                base::Bytes(call->metadata().Get("x")));
  call->Reply(rpc::Message(response.SerializeAsString()));
}

// Answers each watch request with one response that names its watch, and ends at the half close.
class Watcher final : public rpc::CallHandler {
 public:
  explicit Watcher(std::shared_ptr<rpc::ServerCall> call) : call_(std::move(call)) {}
  void OnMessage(base::ByteView bytes) override {
    etcdserverpb::WatchRequest request;
    CHECK(request.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())));
    etcdserverpb::WatchResponse response;
    response.set_watch_id(request.create_request().watch_id());
    response.set_created(true);
    call_->Send(rpc::Message(response.SerializeAsString()));
  }
  void OnHalfClose() override { call_->Finish(base::errors::kWatchCanceled); }
  void OnEnded(const base::Status& status) override {
    if (status.code() == base::Code::kCanceled) ++canceled;
  }

  inline static int canceled = 0;

 private:
  const std::shared_ptr<rpc::ServerCall> call_;
};

// Takes a request only when it is told to; counts them.
class Lessor final : public rpc::CallHandler {
 public:
  explicit Lessor(std::shared_ptr<rpc::ServerCall> call) : call_(std::move(call)) {
    received = 0;
    resume = [open = call_] { open->ResumeReading(); };
    call_->PauseReading();
  }
  void OnMessage(base::ByteView) override { ++received; }
  void OnHalfClose() override { call_->Finish({}); }

  inline static int received = 0;
  inline static std::function<void()> resume;

 private:
  const std::shared_ptr<rpc::ServerCall> call_;
};

http::Server::Options WithMemory(std::shared_ptr<http::SharedBudget> memory) {
  http::Server::Options options;
  options.member_budget = std::move(memory);
  return options;
}

class GatewayTest : public ::testing::Test, private http::Service {
 protected:
  GatewayTest()
      : world_(this, WithMemory(memory_)),
        table_(&world_.server_loop(), this, rpc::MessageLimits()),
        gateway_(&table_, &plain_, Gateway::Options{.max_message_bytes = 1000}),
        access_(&gateway_, {.origins = {"http://good.example"}, .hosts = {"server", "::1"}}) {
    table_.AddUnary("etcdserverpb.KV", "Range", AnswerRange);
    table_.AddStreaming("etcdserverpb.Watch", "Watch", rpc::Kind::kBidiStreaming,
                        [](auto call) { return std::make_unique<Watcher>(std::move(call)); });
    table_.AddStreaming("etcdserverpb.Lease", "LeaseKeepAlive", rpc::Kind::kBidiStreaming,
                        [](auto call) { return std::make_unique<Lessor>(std::move(call)); });
    plain_.Handle("/version", [](const http::PlainRequest&, http::Responder responder) {
      responder.Send(http::TextResponse(200, "3.7.1"));
    });
    Watcher::canceled = 0;
  }
  ~GatewayTest() override {
    world_.DestroyServer();
    Lessor::resume = nullptr;
  }

  // What comes back over HTTP/1.1.
  std::string Ask(const std::string& method, const std::string& path, const std::string& body,
                  const std::string& fields = "", const std::string& host = "server") {
    http::testing::RawClient& client = world_.ConnectRaw();
    world_.Do([&] {
      client.Send(method + " " + path + " HTTP/1.1\r\nHost: " + host + "\r\n" + fields +
                  "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
    });
    world_.Settle();
    return client.received();
  }
  std::string Post(const std::string& path, const std::string& body,
                   const std::string& fields = "") {
    return Ask("POST", path, body, fields);
  }

  std::shared_ptr<http::SharedBudget> memory_ =
      std::make_shared<http::SharedBudget>(size_t{16} << 20);
  http::testing::World world_;
  http::PlainService plain_{1000};

 private:
  std::shared_ptr<http::ExchangeHandler> OnRequest(http::Exchange& exchange) override {
    return access_.OnRequest(exchange);
  }

  rpc::Server table_;
  Gateway gateway_;
  AccessControl access_;
};

bool Contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST_F(GatewayTest, ARequestInJsonIsAnsweredInJson) {
  const std::string answer = Post("/v3/kv/range", R"({"key":"Zm9v"})");
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 OK\r\n")) << answer;
  EXPECT_TRUE(Contains(answer, "Content-Type: application/json\r\n")) << answer;
  const std::string body = answer.substr(answer.find("\r\n\r\n") + 4);
  EXPECT_TRUE(Contains(answer, "Content-Length: " + std::to_string(body.size()) + "\r\n"))
      << answer;
  EXPECT_TRUE(Contains(answer, R"({"header":{"revision":"1152921504606846976"},)"
                               R"("kvs":[{"key":"Zm9v","value":"fA=="}],"count":"1"})"))
      << answer;
}

TEST_F(GatewayTest, NamesInCamelCaseAndUnknownOnesAreTaken) {
  EXPECT_TRUE(Contains(Post("/v3/kv/range", R"({"key":"Zm9v","rangeEnd":"AA==","nonsense":[1]})"),
                       "200 OK"));
}

TEST_F(GatewayTest, ThePathOfTheBetaStillWorks) {
  EXPECT_TRUE(Contains(Post("/v3beta/kv/range", R"({"key":"Zm9v"})"), R"("count":"1")"));
}

TEST_F(GatewayTest, APathMayHaveEscapes) {
  EXPECT_TRUE(Contains(Post("/v3/kv/rang%65", R"({"key":"Zm9v"})"), R"("count":"1")"));
}

TEST_F(GatewayTest, MetadataAndTheTokenGoOn) {
  const std::string answer =
      Post("/v3/kv/range", R"({"key":"Zm9v"})", "Authorization: token\r\nGrpc-Metadata-X: y\r\n");
  EXPECT_TRUE(Contains(answer, R"("value":"dG9rZW58eQ==")")) << answer;  // token|y
}

TEST_F(GatewayTest, AnErrorHasItsCodeAndItsHttpStatus) {
  const std::string answer = Post("/v3/kv/range", "{}");
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 400 ")) << answer;
  EXPECT_TRUE(Contains(answer, R"({"code":3,"message":"etcdserver: key is not provided"})"))
      << answer;
}

TEST_F(GatewayTest, WhoIsRefusedAsTooEarlyIsToldInSecondsWhenToComeBack) {
  const std::string answer = Post("/v3/kv/range", R"({"key":"ZWFybHk="})");
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 429 ")) << answer;
  EXPECT_TRUE(Contains(answer, "retry-after: 2\r\n") || Contains(answer, "Retry-After: 2\r\n"))
      << answer;
  EXPECT_FALSE(Contains(Post("/v3/kv/range", "{}"), "etry-")) << answer;
}

TEST_F(GatewayTest, ATimeoutMayHaveMoreDigitsThanGrpcs) {
  const std::string answer = Post("/v3/kv/range", "{}", "Grpc-Timeout: 100000000S\r\n");
  EXPECT_TRUE(Contains(answer, "etcdserver: key is not provided")) << answer;
}

TEST_F(GatewayTest, BadMetadataIsRefused) {
  const std::string timeout = Post("/v3/kv/range", "{}", "Grpc-Timeout: nonsense\r\n");
  EXPECT_TRUE(timeout.starts_with("HTTP/1.1 400 ")) << timeout;
  EXPECT_TRUE(Contains(timeout, R"({"code":3,"message":"invalid grpc-timeout: nonsense"})"))
      << timeout;
  const std::string binary = Post("/v3/kv/range", "{}", "Grpc-Metadata-X-Bin: AA?=\r\n");
  EXPECT_TRUE(Contains(binary, R"({"code":3,"message":"invalid binary header Grpc-Metadata-X-Bin: )"
                               R"(illegal base64 data at input byte 2"})"))
      << binary;
  EXPECT_TRUE(Contains(Post("/v3/kv/range", R"({"key":"Zm9v"})", "Grpc-Metadata-X-Bin: AA==\r\n"),
                       "200 OK"));
}

TEST_F(GatewayTest, ABadRequestOfAStreamIsAnErrorAlone) {
  const std::string answer = Post("/v3/maintenance/snapshot", "nonsense");
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 400 ")) << answer;
  EXPECT_TRUE(Contains(answer, "\r\n{\"code\":3,\"message\":")) << answer;
}

TEST_F(GatewayTest, NoBodyIsAnEmptyMessage) {
  EXPECT_TRUE(Contains(Post("/v3/kv/range", ""), "key is not provided"));
}

TEST_F(GatewayTest, WhatIsNoJsonIsRefused) {
  for (const char* body : {"{", "nonsense", R"({"key":"?"})", R"({"limit":"x"})", "[]"}) {
    const std::string answer = Post("/v3/kv/range", body);
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 400 ")) << body << ": " << answer;
    EXPECT_TRUE(Contains(answer, R"({"code":3,"message":)")) << body << ": " << answer;
  }
}

TEST_F(GatewayTest, ABodyThatIsTooLargeIsRefused) {
  const std::string answer = Post("/v3/kv/range", std::string(1001, ' '));
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 429 ")) << answer;
}

TEST_F(GatewayTest, UnknownPathsAndMethodsAreRefusedInJson) {
  EXPECT_TRUE(Contains(Post("/v3/nothing", "{}"), R"({"code":5,"message":"Not Found"})"));
  const std::string answer = Ask("GET", "/v3/kv/range", "");
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 501 ")) << answer;
  EXPECT_TRUE(Contains(answer, R"({"code":12,"message":"Method Not Allowed"})")) << answer;
}

TEST_F(GatewayTest, AMethodThatTheServerDoesNotHaveIsUnimplemented) {
  EXPECT_TRUE(Post("/v3/kv/put", "{}").starts_with("HTTP/1.1 501 "));
}

TEST_F(GatewayTest, OtherPathsGoToTheOtherService) {
  EXPECT_TRUE(Contains(Ask("GET", "/version", ""), "3.7.1\n"));
}

TEST_F(GatewayTest, AStreamOfRequestsIsAnsweredByLines) {
  const std::string answer =
      Post("/v3/watch", R"({"create_request":{"watch_id":1}} {"create_request":{"watch_id":2}})");
  EXPECT_TRUE(Contains(answer, R"({"result":{"watch_id":"1","created":true}})"
                               "\n"))
      << answer;
  EXPECT_TRUE(Contains(answer, R"({"result":{"watch_id":"2","created":true}})"
                               "\n"))
      << answer;
  EXPECT_TRUE(Contains(answer, R"({"error":{"code":1,"message":"etcdserver: watch canceled"}})"
                               "\n"))
      << answer;
}

TEST_F(GatewayTest, AServiceThatDoesNotReadMakesTheClientWait) {
  constexpr int kCount = 200'000;
  std::string body;
  for (int i = 0; i < kCount; ++i) body += R"({"ID":"1"})";
  http::testing::RawClient& client = world_.ConnectRaw();
  world_.Do([&] {
    client.Send("POST /v3/lease/keepalive HTTP/1.1\r\nHost: server\r\nContent-Length: " +
                std::to_string(body.size()) + "\r\n\r\n" + body);
  });
  world_.Settle();
  EXPECT_GT(client.unsent().size(), body.size() / 2);
  world_.DoAtServer([] { Lessor::resume(); });
  world_.Settle();
  EXPECT_EQ(client.unsent().size(), 0u);
  EXPECT_EQ(Lessor::received, kCount);
}

TEST_F(GatewayTest, AClientThatLeavesCancelsItsCall) {
  http::testing::RawClient& client = world_.ConnectRaw();
  world_.Do([&] {
    client.Send(
        "POST /v3/watch HTTP/1.1\r\nHost: server\r\nContent-Length: 100\r\n\r\n"
        R"({"create_request":{}})");
  });
  world_.Settle();
  EXPECT_EQ(Watcher::canceled, 0);
  world_.Do([&] { client.Close(); });
  world_.Settle();
  EXPECT_EQ(Watcher::canceled, 1);
}

// The body of an answer in chunks; nothing if it is not whole.
std::optional<std::string> Unchunked(const std::string& answer) {
  size_t at = answer.find("\r\n\r\n");
  if (at == std::string::npos || !Contains(answer, "Transfer-Encoding: chunked\r\n")) return {};
  std::string body;
  for (at += 4;;) {
    const size_t end = answer.find("\r\n", at);
    if (end == std::string::npos) return {};
    const size_t size = std::stoul(answer.substr(at, end - at), nullptr, 16);
    if (size == 0) return body;
    body += answer.substr(end + 2, size);
    at = end + 2 + size + 2;
  }
}

TEST_F(GatewayTest, ALongAnswerIsToldAsItComes) {
  etcdserverpb::RangeResponse response;
  ASSERT_TRUE(response.ParseFromString(LargeResponse()));
  const std::string json = ToJson(*response.GetDescriptor(), LargeResponse()).value();
  for (const char* request : {R"({"key":"bGFyZ2U="})", R"({"key":"d2hvbGU="})"}) {
    const std::string answer = Post("/v3/kv/range", request);
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 OK\r\n"));
    EXPECT_EQ(Unchunked(answer), json);
  }
}

TEST_F(GatewayTest, AnErrorWithinALongAnswerCutsItOff) {
  http::testing::RawClient& client = world_.ConnectRaw();
  world_.Do([&] {
    client.Send(
        "POST /v3/kv/range HTTP/1.1\r\nHost: server\r\nContent-Length: 18\r\n\r\n"
        R"({"key":"dG9ybg=="})");
  });
  world_.Settle();
  EXPECT_TRUE(client.received().starts_with("HTTP/1.1 200 OK\r\n"));
  EXPECT_EQ(Unchunked(client.received()), std::nullopt);
  EXPECT_TRUE(client.ended());
}

// Forty clients that ask for a megabyte and take nothing, until they are told to.
struct Takers {
  int whole = 0;
  int refused = 0;
  size_t most_held = 0;
};
Takers AskAndTakeNothing(http::testing::World& world, const http::SharedBudget& memory,
                         const std::string& request) {
  std::vector<http::testing::RawClient*> clients;
  for (int i = 0; i < 40; ++i) clients.push_back(&world.ConnectRaw());
  for (auto* client : clients) {
    world.Do([&] {
      client->PauseReading();
      client->Send("POST /v3/kv/range HTTP/1.1\r\nHost: server\r\nContent-Length: " +
                   std::to_string(request.size()) + "\r\n\r\n" + request);
    });
  }
  Takers takers;
  for (int i = 0; i < 1000; ++i) {
    world.RunFor(std::chrono::milliseconds(1));
    takers.most_held = std::max(takers.most_held, memory.used());
  }
  for (auto* client : clients) {
    world.Do([&] { client->ResumeReading(); });
    world.RunFor(std::chrono::seconds(1));
    const auto body = Unchunked(client->received());
    takers.whole += body.has_value() && body->ends_with("\"}]}") && body->size() > 1'300'000;
    takers.refused += client->received().starts_with("HTTP/1.1 429 ");
  }
  return takers;
}

TEST_F(GatewayTest, AnswersThatNobodyTakesStayWithinTheMembersMemory) {
  const Takers takers = AskAndTakeNothing(world_, *memory_, R"({"key":"bGFyZ2U="})");
  EXPECT_LE(takers.most_held, memory_->max());
  EXPECT_EQ(takers.whole, 40) << "next to nothing is held of each";
}

TEST_F(GatewayTest, AnswersThatAreMadeWholeFitTogetherOrAreRefused) {
  const Takers takers = AskAndTakeNothing(world_, *memory_, R"({"key":"d2hvbGU="})");
  EXPECT_GT(takers.most_held, memory_->max() / 2);
  EXPECT_LE(takers.most_held, memory_->max());
  EXPECT_GE(takers.whole, 4);
  EXPECT_EQ(takers.whole + takers.refused, 40);
}

TEST_F(GatewayTest, AnUnknownHostIsMisdirected) {
  const std::string answer = Ask("GET", "/version", "", "", "evil.example:2379");
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 421 ")) << answer;
  EXPECT_TRUE(Contains(answer, R"(--host-whitelist "evil.example")")) << answer;
  EXPECT_TRUE(Contains(answer, "X-Content-Type-Options: nosniff\r\n")) << answer;
  EXPECT_TRUE(Contains(Ask("GET", "/version", "", "", "[::1]:2379"), "200 OK"));
  EXPECT_TRUE(Contains(Ask("GET", "/version", "", "", "server:2379"), "200 OK"));
}

TEST_F(GatewayTest, WhoIsAnsweredBeforeHeIsToSendHisBodyIsLeft) {
  const std::string_view asks = "Expect: 100-continue\r\n";
  EXPECT_TRUE(Contains(Ask("OPTIONS", "/v3/kv/put", "{}", std::string(asks)), "Connection: close"));
  EXPECT_FALSE(Contains(Ask("OPTIONS", "/v3/kv/put", "{}"), "Connection: close"));
}

TEST_F(GatewayTest, TheFormOfAnotherMethodIsThatMethod) {
  const std::string form = "Content-Type: application/x-www-form-urlencoded\r\n";
  EXPECT_TRUE(
      Contains(Post("/v3/kv/range", "{}", form + "X-HTTP-Method-Override: GET\r\n"), " 501 "));
  EXPECT_FALSE(
      Contains(Post("/v3/kv/range", "{}", form + "X-HTTP-Method-Override: POST\r\n"), " 501 "));
  EXPECT_FALSE(Contains(Post("/v3/kv/range", "{}", "X-HTTP-Method-Override: GET\r\n"), " 501 "));
}

TEST_F(GatewayTest, WhoAsksForATunnelIsNotSentElsewhere) {
  EXPECT_TRUE(Contains(Ask("CONNECT", "/v3/kv/range", ""), " 501 "));
  EXPECT_TRUE(Contains(Ask("CONNECT", "/v3/./kv/range", ""), " 404 "));
  EXPECT_TRUE(Contains(Ask("CONNECT", "//version", ""), " 404 "));
  EXPECT_TRUE(Contains(Ask("CONNECT", "/v3", ""), "Location: /v3/\r\n"));
}

TEST_F(GatewayTest, AnUncleanPathIsRedirected) {
  const std::string post = Post("//v3/kv/./range?a=b", "{}", "Origin: http://good.example\r\n");
  EXPECT_TRUE(post.starts_with("HTTP/1.1 307 Temporary Redirect\r\n")) << post;
  EXPECT_TRUE(Contains(post, "Location: /v3/kv/range?a=b\r\n")) << post;
  EXPECT_TRUE(Contains(post, "Access-Control-Allow-Origin: http://good.example\r\n")) << post;
  EXPECT_TRUE(post.ends_with("\r\n\r\n")) << post;
  EXPECT_TRUE(Contains(Post("/v3", "{}"), "Location: /v3/\r\n"));
  EXPECT_TRUE(Contains(Ask("GET", "/v3/../version", ""),
                       "<a href=\"/version\">Temporary Redirect</a>.\n\n"));
}

TEST_F(GatewayTest, OnlyAllowedOriginsAreNamed) {
  EXPECT_TRUE(Contains(Ask("GET", "/version", "", "Origin: http://good.example\r\n"),
                       "Access-Control-Allow-Origin: http://good.example\r\n"));
  EXPECT_FALSE(Contains(Ask("GET", "/version", "", "Origin: http://evil.example\r\n"),
                        "access-control-allow"));
}

TEST_F(GatewayTest, APreflightIsAnsweredAtOnce) {
  const std::string answer = Ask("OPTIONS", "/v3/kv/range", "", "Origin: http://good.example\r\n");
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 OK\r\n")) << answer;
  EXPECT_TRUE(
      Contains(answer, "Access-Control-Allow-Headers: accept, content-type, authorization\r\n"))
      << answer;
}

TEST(RoutesTest, EveryMethodWithAPathIsThere) {
  const Routes routes;
  EXPECT_EQ(routes.all().size(), 55u);
  EXPECT_EQ(routes.Find("/v3/lease/revoke")->grpc_path, "/etcdserverpb.Lease/LeaseRevoke");
  EXPECT_EQ(routes.Find("/v3/kv/lease/revoke")->grpc_path, "/etcdserverpb.Lease/LeaseRevoke");
  EXPECT_EQ(routes.Find("/v3/election/observe")->grpc_path, "/v3electionpb.Election/Observe");
  EXPECT_EQ(routes.Find("/v3/admission/rule/set")->grpc_path, "/admissionpb.Admission/RuleSet");
  EXPECT_EQ(routes.Find("/v3/usage")->grpc_path, "/usagepb.Usage/Usage");
  EXPECT_EQ(routes.Find("/v3/kv/rangestream"), nullptr);
}

}  // namespace
}  // namespace gateway
