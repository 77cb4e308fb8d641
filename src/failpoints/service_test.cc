#include "failpoints/service.h"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <memory>
#include <thread>

#include "net/http/testing/world.h"

namespace failpoints {
namespace {

constexpr std::array<std::string_view, 2> kNames = {"before", "after"};

class FailpointServiceTest : public testing::Test {
 protected:
  FailpointServiceTest() : loop_(scheduler_.NewLoop("service")), service_(loop_.get(), &table_) {}

  // The answer as "200 body"; the turn that it is sent in ends only with EndTurn.
  std::string AskOnly(const std::string& method, const std::string& path,
                      const std::string& body = "") {
    http::testing::RawClient& client = world_.ConnectRaw();
    client.Send(method + " " + path + " HTTP/1.1\r\nHost: x\r\nContent-Length: " +
                std::to_string(body.size()) + "\r\n\r\n" + body);
    world_.Settle();
    const std::string answer = client.received();
    return answer.substr(9, 3) + " " + answer.substr(answer.find("\r\n\r\n") + 4);
  }
  void EndTurn() { scheduler_.RunFor(runtime::Duration(0)); }
  std::string Ask(const std::string& method, const std::string& path,
                  const std::string& body = "") {
    const std::string answer = AskOnly(method, path, body);
    EndTurn();
    return answer;
  }

  std::atomic<int> panics_ = 0;
  runtime::FailpointTable table_{kNames, [this](std::string_view) { ++panics_; }};
  runtime::simulated::Scheduler scheduler_{1};
  std::unique_ptr<runtime::Loop> loop_;
  Service service_;
  http::testing::World world_{&service_};
};

TEST_F(FailpointServiceTest, ShowsWhatIsSet) {
  EXPECT_EQ(Ask("GET", "/"), "200 after=\nbefore=\n");
  EXPECT_EQ(Ask("GET", "/after"), "404 failed to GET: failpoint: failpoint is disabled\n");
  EXPECT_EQ(Ask("PUT", "/after", "off"), "204 ");
  EXPECT_EQ(Ask("GET", "/"), "200 after=off\nbefore=\n");
  EXPECT_EQ(Ask("GET", "/after"), "200 off\n");
  table_.Reach(1);
  EXPECT_EQ(Ask("GET", "/after/count"), "200 1");
}

TEST_F(FailpointServiceTest, TakesBack) {
  EXPECT_EQ(Ask("PUT", "/failpoints", "before=off;after=off"), "204 ");
  EXPECT_EQ(Ask("DELETE", "/before"), "204 ");
  EXPECT_EQ(Ask("DELETE", "/before"),
            "400 failed to delete failpoint failpoint: failpoint is disabled\n");
  EXPECT_EQ(Ask("GET", "/"), "200 after=off\nbefore=\n");
}

TEST_F(FailpointServiceTest, RefusesWhatItDoesNotKnow) {
  EXPECT_EQ(Ask("PUT", "/none", "panic"),
            "400 fail to set failpoint: failpoint: failpoint does not exist\n");
  EXPECT_EQ(Ask("PUT", "/after", "dance"),
            "400 fail to set failpoint: failpoint: could not parse terms\n");
  EXPECT_EQ(Ask("GET", "/none"), "404 failed to GET: failpoint: failpoint does not exist\n");
  EXPECT_EQ(Ask("GET", "/none/count"), "404 failed to GET: failpoint: failpoint does not exist\n");
  EXPECT_EQ(Ask("GET", "/after/count"), "500 failed to GET: failpoint: failpoint is disabled\n");
  EXPECT_EQ(Ask("POST", "/after", "off"), "405 Method not allowed\n");
}

TEST_F(FailpointServiceTest, AnswersBeforeTheProcessEnds) {
  EXPECT_EQ(AskOnly("PUT", "/after", "panic"), "204 ");
  std::thread reaching([this] { table_.Reach(1); });
  while (!table_.Get("after").ok() || table_.Get("after")->count == 0) std::this_thread::yield();
  EXPECT_EQ(panics_, 0);
  EndTurn();
  reaching.join();
  EXPECT_EQ(panics_, 1);
}

}  // namespace
}  // namespace failpoints
