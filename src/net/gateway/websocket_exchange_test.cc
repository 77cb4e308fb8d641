#include "net/gateway/websocket_exchange.h"

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/errors.h"
#include "net/gateway/gateway.h"
#include "net/http/plain.h"
#include "net/http/testing/websocket.h"
#include "net/http/testing/world.h"
#include "net/rpc/server.h"
#include "proto/rpc.pb.h"

namespace gateway {
namespace {

using http::testing::ClientClose;
using http::testing::ClientFrame;
using http::testing::ClientText;
using http::testing::ServerFrames;
using http::testing::WebSocketRequest;
using Frames = std::vector<std::string>;

constexpr std::chrono::seconds kInterval{60};
constexpr std::chrono::seconds kPatience{10};

// Answers a range with its key and the token that came with it.
void AnswerRange(const std::shared_ptr<rpc::ServerCall>& call, base::ByteView bytes) {
  etcdserverpb::RangeRequest request;
  CHECK(request.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())));
  if (request.key().empty()) return call->Finish(base::errors::kEmptyKey);
  etcdserverpb::RangeResponse response;
  auto* const pair = response.add_kvs();
  pair->set_key(request.key() == "long" ? std::string(300'000, 'k') : request.key());
  pair->set_value(base::Bytes(call->metadata().Get("authorization")));
  call->Reply(rpc::Message(response.SerializeAsString()));
}

// Answers each watch request with one response that names its watch; ends at the watch 99.
class Watcher final : public rpc::CallHandler {
 public:
  explicit Watcher(std::shared_ptr<rpc::ServerCall> call) : call_(std::move(call)) {}
  void OnMessage(base::ByteView bytes) override {
    etcdserverpb::WatchRequest request;
    CHECK(request.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())));
    const int64_t watch = request.create_request().watch_id();
    if (watch == 99) return call_->Finish(base::errors::kWatchCanceled);
    etcdserverpb::WatchResponse response;
    response.set_watch_id(watch);
    call_->Send(rpc::Message(response.SerializeAsString()));
  }
  void OnDrain() override { call_->Finish(base::errors::kStopped); }
  void OnEnded(const base::Status& status) override {
    if (status.code() == base::Code::kCanceled) ++canceled;
  }

  inline static int canceled = 0;

 private:
  const std::shared_ptr<rpc::ServerCall> call_;
};

// Sends parts of 1000 bytes for as long as they are taken, a thousand in all.
class Snapshot final : public rpc::CallHandler {
 public:
  explicit Snapshot(std::shared_ptr<rpc::ServerCall> call) : call_(std::move(call)) { sent = 0; }
  void OnMessage(base::ByteView) override { OnWritable(); }
  void OnWritable() override {
    for (; sent < 1000 && call_->writable(); ++sent) {
      etcdserverpb::SnapshotResponse response;
      response.set_blob(std::string(1000, 's'));
      call_->Send(rpc::Message(response.SerializeAsString()));
    }
    if (sent == 1000) call_->Finish({});
  }

  inline static int sent = 0;

 private:
  const std::shared_ptr<rpc::ServerCall> call_;
};

// Takes a request only when it is told to; counts them.
class Lessor final : public rpc::CallHandler {
 public:
  explicit Lessor(std::shared_ptr<rpc::ServerCall> call) {
    received = 0;
    resume = [open = call] { open->ResumeReading(); };
    call->PauseReading();
  }
  void OnMessage(base::ByteView) override { ++received; }

  inline static int received = 0;
  inline static std::function<void()> resume;
};

class WebSocketExchangeTest : public ::testing::Test {
 protected:
  WebSocketExchangeTest()
      : world_(&gateway_), table_(&world_.server_loop(), &plain_, rpc::MessageLimits()) {
    table_.AddUnary("etcdserverpb.KV", "Range", AnswerRange);
    table_.AddStreaming("etcdserverpb.Watch", "Watch", rpc::Kind::kBidiStreaming,
                        [](auto call) { return std::make_unique<Watcher>(std::move(call)); });
    table_.AddStreaming("etcdserverpb.Maintenance", "Snapshot", rpc::Kind::kServerStreaming,
                        [](auto call) { return std::make_unique<Snapshot>(std::move(call)); });
    table_.AddStreaming("etcdserverpb.Lease", "LeaseKeepAlive", rpc::Kind::kBidiStreaming,
                        [](auto call) { return std::make_unique<Lessor>(std::move(call)); });
    Watcher::canceled = 0;
  }
  ~WebSocketExchangeTest() override {
    world_.DestroyServer();
    Lessor::resume = nullptr;
  }

  http::testing::RawClient& Open(const std::string& path, const std::string& fields = "") {
    http::testing::RawClient& client = world_.ConnectRaw();
    Send(client, WebSocketRequest(path, fields));
    return client;
  }
  void Send(http::testing::RawClient& client, const base::Bytes& bytes) {
    world_.Do([&] { client.Send(bytes); });
    world_.Settle();
  }

  http::PlainService plain_{1000};
  // The table needs the world's loop, and the world the gateway.
  Gateway gateway_{&table_, &plain_,
                   Gateway::Options{.max_message_bytes = 1000,
                                    .keepalive_interval = kInterval,
                                    .keepalive_timeout = kPatience}};
  http::testing::World world_;
  rpc::Server table_;
};

TEST_F(WebSocketExchangeTest, EachMessageIsARequestAndEachAnswerAMessage) {
  auto& client = Open("/v3/watch");
  EXPECT_TRUE(client.received().starts_with("HTTP/1.1 101 Switching Protocols\r\n"))
      << client.received();
  Send(client, ClientText(R"({"create_request":{"watch_id":1}})"));
  EXPECT_EQ(ServerFrames(client.received()), (Frames{R"(text:{"result":{"watch_id":"1"}})"}));
  Send(client, ClientText(R"({"create_request":{"watch_id":2}})") +
                   ClientText(R"({"create_request":{"watch_id":3}})"));
  EXPECT_EQ(ServerFrames(client.received()),
            (Frames{R"(text:{"result":{"watch_id":"1"}})", R"(text:{"result":{"watch_id":"2"}})",
                    R"(text:{"result":{"watch_id":"3"}})"}));
}

TEST_F(WebSocketExchangeTest, ALongLineIsOneMessageOfSeveralFrames) {
  auto& client = Open("/v3/kv/range");
  Send(client, ClientText(R"({"key":"bG9uZw=="})"));
  std::string line;
  const Frames frames = ServerFrames(client.received());
  ASSERT_GT(frames.size(), 5u);
  EXPECT_TRUE(frames.front().starts_with("text, more:"));
  EXPECT_EQ(frames.back(), "close:1000");
  for (const std::string& frame : frames) {
    EXPECT_LT(frame.size(), 150'000u);
    if (!frame.starts_with("close:")) line += frame.substr(frame.find(':') + 1);
  }
  EXPECT_TRUE(frames[frames.size() - 2].starts_with("end:"));
  EXPECT_TRUE(line.starts_with(R"({"kvs":[{"key":"a2tra2tr)")) << line.substr(0, 100);
  EXPECT_TRUE(line.ends_with(R"(a2tr"}]})"));
  EXPECT_GT(line.size(), 400'000u);
}

TEST_F(WebSocketExchangeTest, RequestsMayComeWithTheHandshake) {
  auto& client = world_.ConnectRaw();
  Send(client, WebSocketRequest("/v3beta/watch") + ClientText(R"({"create_request":{}})"));
  EXPECT_EQ(ServerFrames(client.received()), (Frames{R"(text:{"result":{}})"}));
}

TEST_F(WebSocketExchangeTest, TheHandshakeMayArriveByteByByte) {
  auto& client = world_.ConnectRaw();
  for (const char byte : WebSocketRequest("/v3/watch") + ClientText(R"({"create_request":{}})")) {
    world_.Do([&] { client.Send(base::ByteView(&byte, 1)); });
    world_.RunFor(std::chrono::milliseconds(1));
  }
  world_.Settle();
  EXPECT_EQ(ServerFrames(client.received()), (Frames{R"(text:{"result":{}})"}));
}

TEST_F(WebSocketExchangeTest, TheEndOfTheCallClosesTheSocket) {
  auto& client = Open("/v3/watch");
  Send(client, ClientText(R"({"create_request":{"watch_id":99}})"));
  EXPECT_EQ(ServerFrames(client.received()),
            (Frames{R"(text:{"error":{"code":1,"message":"etcdserver: watch canceled"}})",
                    "close:1000"}));
  EXPECT_FALSE(client.ended());
  Send(client, ClientClose(1000));
  EXPECT_EQ(ServerFrames(client.received()).size(), 2u);
  EXPECT_TRUE(client.ended());
}

TEST_F(WebSocketExchangeTest, AServerThatDrainsTellsWhy) {
  auto& idle = Open("/v3/kv/range");
  auto& watcher = Open("/v3/watch");
  Send(watcher, ClientText(R"({"create_request":{}})"));
  bool drained = false;
  world_.DoAtServer([&] { world_.server().Drain([&drained] { drained = true; }); });
  world_.Settle();
  EXPECT_EQ(ServerFrames(idle.received()), (Frames{"ping:"}));
  Send(idle, ClientFrame(0x8a, ""));
  EXPECT_EQ(ServerFrames(idle.received()), (Frames{"ping:", "close:1001"}));
  EXPECT_EQ(ServerFrames(watcher.received()),
            (Frames{R"(text:{"result":{}})",
                    R"(text:{"error":{"code":14,"message":"etcdserver: server stopped"}})",
                    "close:1000"}));
  Send(idle, ClientClose(1001));
  Send(watcher, ClientClose(1000));
  for (auto* client : {&idle, &watcher}) {
    EXPECT_TRUE(client->ended());
    world_.Do([client] { client->Close(); });
  }
  world_.Settle();
  EXPECT_TRUE(drained);
}

TEST_F(WebSocketExchangeTest, WhatWasOnItsWayWhenTheServerBeganToDrainIsAnswered) {
  auto& client = Open("/v3/kv/range");
  world_.DoAtServer([&] { world_.server().Drain([] {}); });
  Send(client, ClientText(R"({"key":"Zm9v"})") + ClientFrame(0x8a, ""));
  EXPECT_EQ(ServerFrames(client.received()),
            (Frames{"ping:", R"(text:{"kvs":[{"key":"Zm9v"}]})", "close:1000"}));
}

TEST_F(WebSocketExchangeTest, AClientThatAnswersNoPingIsClosedWhenPatienceEnds) {
  auto& client = Open("/v3/kv/range");
  world_.DoAtServer([&] { world_.server().Drain([] {}); });
  world_.RunFor(kPatience);
  world_.Settle();
  EXPECT_EQ(ServerFrames(client.received()), (Frames{"ping:", "close:1001"}));
}

TEST_F(WebSocketExchangeTest, AClientThatDoesNotCloseIsNotWaitedForLong) {
  auto& client = Open("/v3/watch");
  Send(client, ClientText(R"({"create_request":{"watch_id":99}})"));
  Send(client, ClientText(R"({"create_request":{"watch_id":1}})") + ClientFrame(0x89, "ping"));
  EXPECT_EQ(ServerFrames(client.received()).back(), "close:1000");
  EXPECT_FALSE(client.ended());
  world_.RunFor(kPatience);
  EXPECT_TRUE(client.ended());
}

TEST_F(WebSocketExchangeTest, AClientThatClosesIsAnsweredAndCancelsItsCall) {
  auto& client = Open("/v3/watch");
  Send(client, ClientText(R"({"create_request":{}})"));
  EXPECT_EQ(Watcher::canceled, 0);
  Send(client, ClientClose(1001));
  EXPECT_EQ(ServerFrames(client.received()).back(), "close:1001");
  EXPECT_TRUE(client.ended());
  EXPECT_EQ(Watcher::canceled, 1);
}

TEST_F(WebSocketExchangeTest, AClientThatVanishesCancelsItsCall) {
  auto& client = Open("/v3/watch");
  Send(client, ClientText(R"({"create_request":{}})"));
  world_.Do([&] { client.Close(); });
  world_.Settle();
  EXPECT_EQ(Watcher::canceled, 1);
}

TEST_F(WebSocketExchangeTest, AUnaryCallAnswersItsFirstMessage) {
  auto& client = Open("/v3/kv/range");
  Send(client, ClientText(R"({"key":"Zm9v"})") + ClientText(R"({"key":"YmFy"})"));
  EXPECT_EQ(ServerFrames(client.received()),
            (Frames{R"(text:{"kvs":[{"key":"Zm9v"}]})", "close:1000"}));
}

TEST_F(WebSocketExchangeTest, ErrorsAreMessages) {
  auto& empty = Open("/v3/kv/range");
  Send(empty, ClientText("{}"));
  EXPECT_EQ(
      ServerFrames(empty.received()),
      (Frames{R"(text:{"code":3,"message":"etcdserver: key is not provided"})", "close:1000"}));
  auto& nonsense = Open("/v3/watch");
  Send(nonsense, ClientText("nonsense"));
  EXPECT_TRUE(
      ServerFrames(nonsense.received()).at(0).starts_with(R"(text:{"error":{"code":3,"message":)"));
  EXPECT_EQ(ServerFrames(nonsense.received()).at(1), "close:1000");
}

TEST_F(WebSocketExchangeTest, AnUnknownPathIsAnErrorAtOnce) {
  EXPECT_EQ(ServerFrames(Open("/v3/nothing").received()),
            (Frames{R"(text:{"code":5,"message":"Not Found"})", "close:1000"}));
}

TEST_F(WebSocketExchangeTest, ABadHandshakeIsRefused) {
  auto& client = world_.ConnectRaw();
  Send(client,
       "GET /v3/watch HTTP/1.1\r\nHost: server\r\nUpgrade: websocket\r\n"
       "Connection: Upgrade\r\n\r\n");
  EXPECT_TRUE(client.received().starts_with("HTTP/1.1 400 Bad Request\r\n")) << client.received();
}

// Of the first pair of a range.
std::string TokenOf(const std::string& frame) {
  const std::string name = R"("value":")";
  const size_t start = frame.find(name) + name.size();
  return frame.substr(start, frame.find('"', start) - start);
}

TEST_F(WebSocketExchangeTest, TheTokenComesAsASubprotocolOrACookie) {
  auto& protocol = Open("/v3/kv/range", "Sec-WebSocket-Protocol: Bearer, secret\r\n");
  Send(protocol, ClientText(R"({"key":"Zm9v"})"));
  EXPECT_NE(protocol.received().find("\r\nSec-Websocket-Protocol: Bearer\r\n"), base::Bytes::npos);
  EXPECT_EQ(TokenOf(ServerFrames(protocol.received()).at(0)), "QmVhcmVyIHNlY3JldA==");
  auto& cookie = Open("/v3/kv/range", "Cookie: a=b; token=secret\r\n");
  Send(cookie, ClientText(R"({"key":"Zm9v"})"));
  EXPECT_EQ(TokenOf(ServerFrames(cookie.received()).at(0)), "QmVhcmVyIHNlY3JldA==");
}

TEST_F(WebSocketExchangeTest, PingsAreAnswered) {
  auto& client = Open("/v3/watch");
  Send(client, ClientFrame(0x89, "are you there"));
  EXPECT_EQ(ServerFrames(client.received()), (Frames{"pong:are you there"}));
}

TEST_F(WebSocketExchangeTest, AViolationClosesTheSocketAndCancelsTheCall) {
  auto& client = Open("/v3/watch");
  Send(client, ClientText(R"({"create_request":{}})"));
  Send(client, ClientFrame(0x83, ""));
  EXPECT_EQ(ServerFrames(client.received()).back(), "close:1002");
  EXPECT_TRUE(client.ended());
  EXPECT_EQ(Watcher::canceled, 1);
}

TEST_F(WebSocketExchangeTest, AMessageThatIsTooLargeIsRefused) {
  auto& client = Open("/v3/watch");
  Send(client, ClientText(std::string(1001, ' ')));
  EXPECT_EQ(ServerFrames(client.received()), (Frames{"close:1009"}));
}

TEST_F(WebSocketExchangeTest, AReaderThatPausesStopsTheProducer) {
  auto& client = Open("/v3/maintenance/snapshot");
  world_.Do([&] { client.PauseReading(); });
  Send(client, ClientText("{}"));
  EXPECT_GT(Snapshot::sent, 0);
  EXPECT_LT(Snapshot::sent, 1000);
  world_.Do([&] { client.ResumeReading(); });
  world_.Settle();
  const Frames frames = ServerFrames(client.received());
  ASSERT_EQ(frames.size(), 1001u);
  EXPECT_EQ(frames.back(), "close:1000");
}

TEST_F(WebSocketExchangeTest, AServiceThatDoesNotReadMakesTheClientWait) {
  constexpr int kCount = 100'000;
  base::Bytes frames;
  for (int i = 0; i < kCount; ++i) frames += ClientText(R"({"ID":"1"})");
  auto& client = Open("/v3/lease/keepalive");
  Send(client, frames);
  EXPECT_GT(client.unsent().size(), frames.size() / 2);
  world_.DoAtServer([] { Lessor::resume(); });
  world_.Settle();
  EXPECT_EQ(client.unsent().size(), 0u);
  EXPECT_EQ(Lessor::received, kCount);
}

TEST_F(WebSocketExchangeTest, ASilentClientIsPingedAndThenGivenUp) {
  auto& client = Open("/v3/watch");
  Send(client, ClientText(R"({"create_request":{}})"));
  world_.RunFor(2 * kInterval);
  EXPECT_EQ(ServerFrames(client.received()).back(), "ping:");
  Send(client, ClientFrame(0x8a, ""));
  world_.RunFor(kPatience);
  EXPECT_EQ(Watcher::canceled, 0);
  world_.RunFor(2 * kInterval + kPatience);
  EXPECT_EQ(Watcher::canceled, 1);
  EXPECT_TRUE(client.ended());
}

}  // namespace
}  // namespace gateway
