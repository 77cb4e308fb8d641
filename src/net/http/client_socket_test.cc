// The client on real sockets, where a server that has had enough resets the connection.

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <utility>

#include "net/http/client.h"
#include "runtime/asio/loop.h"
#include "runtime/asio/network.h"

namespace http::testing {
namespace {

using std::chrono::seconds;
using Then = Exchange::Then;

// Refuses the first bytes of a request and closes, with the rest unread: a reset follows.
class RefusingServer final : public runtime::StreamHandler {
 public:
  RefusingServer(runtime::Network* network, const runtime::Address& address) {
    auto listening = network->Listen(address, {}, [this](auto stream) {
      stream_ = std::move(stream);
      stream_->Start(this);
    });
    listener_ = std::move(listening).value();
  }
  runtime::Address address() const { return listener_->address(); }

 private:
  void OnData(base::ByteView) override {
    const base::ByteView answer = "HTTP/1.1 403 Forbidden\r\nContent-Length: 7\r\n\r\nremoved";
    EXPECT_TRUE(stream_->Write({&answer, 1}).ok());
    stream_->Close();
  }
  void OnEndOfInput() override {}
  void OnWritable() override {}
  void OnError(base::Status) override {}

  std::unique_ptr<runtime::Listener> listener_;
  std::unique_ptr<runtime::Stream> stream_;
};

// Sends a body without end, as fast as it is taken.
class Upload final : public ExchangeHandler {
 public:
  void Begin(Exchange* exchange) {
    exchange_ = exchange;
    OnWritable();
  }
  void OnHead() override { status = StatusCode(exchange_->received_head()); }
  void OnData(base::ByteView bytes) override {
    body.append(bytes);
    exchange_->Consume(bytes.size());
  }
  void OnEnd(const Headers&) override {}
  void OnWritable() override {
    while (exchange_->writable()) {
      exchange_->SendData(base::Bytes(64 * 1024, 'x'), Then::kContinue);
    }
  }
  void OnClosed(const Closing& reason) override {
    closing = reason;
    closed = true;
  }

  int status = 0;
  base::Bytes body;
  Closing closing;
  std::atomic<bool> closed = false;

 private:
  Exchange* exchange_ = nullptr;
};

TEST(HttpClientSockets, AnAnswerBeforeAResetIsDelivered) {
  runtime::asio::LoopThread server_thread("server");
  runtime::asio::LoopThread client_thread("client");
  runtime::asio::Network server_network(&server_thread.loop());
  runtime::asio::Network client_network(&client_thread.loop());
  const runtime::Address tcp{"127.0.0.1", 0, ""};
  const runtime::Address unix_socket{"", 0, ::testing::TempDir() + "http_client_test.sock"};
  for (int i = 0; i < 20; ++i) {
    std::unique_ptr<RefusingServer> server;
    server_thread.RunAndWait([&] {
      server = std::make_unique<RefusingServer>(&server_network, i % 2 == 0 ? tcp : unix_socket);
    });
    std::unique_ptr<Client> client;
    const auto upload = std::make_shared<Upload>();
    client_thread.RunAndWait([&] {
      client = std::make_unique<Client>(&client_thread.loop(), &client_network,
                                        Client::Options{.address = server->address()});
      upload->Begin(&client->Start({{":method", "POST"}, {":path", "/raft/snapshot"}},
                                   Then::kContinue, upload, {.total = seconds(10)}));
    });
    while (!upload->closed) client_thread.RunAndWait([] {});
    EXPECT_EQ(upload->status, 403) << upload->closing.status.message();
    EXPECT_EQ(upload->body, "removed");
    EXPECT_EQ(upload->closing.kind, Closing::Kind::kComplete);
    client_thread.RunAndWait([&] { client.reset(); });
    server_thread.RunAndWait([&] { server.reset(); });
  }
}

TEST(HttpClientSockets, SaysThatNobodyListens) {
  runtime::asio::LoopThread thread("client");
  runtime::asio::Network network(&thread.loop());
  std::unique_ptr<Client> client;
  std::atomic<bool> done = false;
  base::Status status;
  thread.RunAndWait([&] {
    client = std::make_unique<Client>(&thread.loop(), &network,
                                      Client::Options{.address = {"127.0.0.1", 1, ""}});
    client->Fetch({{":method", "GET"}, {":path", "/"}}, {}, 1000, seconds(10),
                  [&](const base::Result<Client::Answer>& answer) {
                    status = answer.status();
                    done = true;
                  });
  });
  while (!done) thread.RunAndWait([] {});
  EXPECT_EQ(status, base::Status(base::Code::kUnavailable, "127.0.0.1:1: Connection refused"));
  thread.RunAndWait([&] { client.reset(); });
}

}  // namespace
}  // namespace http::testing
