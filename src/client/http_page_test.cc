#include "client/http_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

#include "runtime/asio/loop.h"
#include "runtime/asio/network.h"

namespace client {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

// Answers one request with these bytes, whatever it is.
class OneAnswer final : public runtime::StreamHandler {
 public:
  explicit OneAnswer(std::string answer) : answer_(std::move(answer)) {
    thread_.RunAndWait([this] {
      auto listening = network_.Listen({"127.0.0.1", 0, ""}, {}, [this](auto stream) {
        stream_ = std::move(stream);
        stream_->Start(this);
      });
      listener_ = std::move(listening).value();
      address_ = listener_->address();
    });
  }
  ~OneAnswer() override {
    thread_.RunAndWait([this] {
      stream_.reset();
      listener_.reset();
    });
  }

  etcd::ClientOptions options() const { return {.endpoints = {address_.ToString(), "nobody:1"}}; }
  // After the answer.
  std::string request() {
    std::string request;
    thread_.RunAndWait([this, &request] { request = request_; });
    return request;
  }

 private:
  void OnData(base::ByteView bytes) override {
    request_.append(bytes);
    const base::ByteView answer = answer_;
    EXPECT_TRUE(stream_->Write({&answer, 1}).ok());
  }
  void OnEndOfInput() override {}
  void OnWritable() override {}
  void OnError(base::Status) override {}

  const std::string answer_;
  std::string request_;
  runtime::asio::LoopThread thread_{"one-answer"};
  runtime::asio::Network network_{&thread_.loop()};
  runtime::Address address_;
  std::unique_ptr<runtime::Listener> listener_;
  std::unique_ptr<runtime::Stream> stream_;
};

TEST(HttpPageTest, TheFirstEndpointsPageIsThere) {
  OneAnswer server("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\npage");
  const auto page = FetchPage(server.options(), "/metrics?a=b");
  ASSERT_TRUE(page.ok()) << page.status().ToString();
  EXPECT_EQ(*page, "page");
  EXPECT_THAT(server.request(), StartsWith("GET /metrics?a=b HTTP/1.1\r\n"));
}

TEST(HttpPageTest, AnotherStatusIsNoPage) {
  const OneAnswer server("HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\npage");
  const auto page = FetchPage(server.options(), "/metrics");
  ASSERT_FALSE(page.ok());
  EXPECT_EQ(page.status().message(), "/metrics: status 404");
}

TEST(HttpPageTest, OptionsThatContradictThemselvesAreRefused) {
  const auto page = FetchPage({.endpoints = {"ftp://a"}}, "/metrics");
  ASSERT_FALSE(page.ok());
  EXPECT_THAT(std::string(page.status().message()), HasSubstr("ftp://a"));
}

}  // namespace
}  // namespace client
