#include "net/rpc/health.h"

#include <gtest/gtest.h>

#include <string>

#include "net/http/plain.h"
#include "net/http/testing/world.h"
#include "net/rpc/channel.h"
#include "proto/health.pb.h"

namespace rpc::testing {
namespace {

using std::string_literals::operator""s;

class HealthTest : public ::testing::Test {
 protected:
  class Indirect final : public http::Service {
   public:
    std::shared_ptr<http::ExchangeHandler> OnRequest(http::Exchange& exchange) override {
      return table->OnRequest(exchange);
    }
    Server* table = nullptr;
  };
  class Collector final : public ClientHandler {
   public:
    explicit Collector(std::vector<base::Bytes>* to) : to_(to) {}
    void OnMessage(base::ByteView message) override { to_->emplace_back(message); }
    void OnFinished(const base::Status&, const http::Headers&) override {}

   private:
    std::vector<base::Bytes>* const to_;
  };

  HealthTest() {
    health_.AddTo(table_);
    indirect_.table = &table_;
    world_.Do([this] {
      Channel::Options options;
      options.endpoints = {http::testing::World::kAddress};
      channel_ = std::make_unique<Channel>(&world_.client_loop(), &world_.client_network(),
                                           std::move(options));
    });
  }
  ~HealthTest() override {
    world_.Do([this] { channel_.reset(); });
    world_.DestroyServer();
  }

  // The encoded answer, or the status.
  std::string Call(const std::string& method, const base::Bytes& request) {
    std::string answer;
    world_.Do([&] {
      channel_->CallUnary("/grpc.health.v1.Health/" + method, {}, Message(request),
                          [&answer](const base::Status& status, base::ByteView reply) {
                            answer = status.ok() ? std::string(reply) : status.ToString();
                          });
    });
    world_.Settle();
    return answer;
  }

  Indirect indirect_;
  http::testing::World world_{&indirect_};
  http::PlainService plain_{1000};
  Health health_;
  Server table_{&world_.server_loop(), &plain_, MessageLimits{}};
  std::unique_ptr<Channel> channel_;
};

TEST_F(HealthTest, ChecksTheServerAndItsServices) {
  EXPECT_EQ(Call("Check", ""), "\x08\x01");
  EXPECT_EQ(Call("Check", "\x0a\x01x"), "NotFound: unknown service");
  world_.DoAtServer([this] { health_.Set("x", Health::State::kNotServing); });
  EXPECT_EQ(Call("Check", "\x0a\x01x"), "\x08\x02");
  EXPECT_EQ(Call("Check", "\x0a\x7fx"), "Internal: grpc: error unmarshalling request");
}

TEST_F(HealthTest, SpeaksTheMessagesOfItsProto) {
  world_.DoAtServer([this] { health_.Set("x", Health::State::kNotServing); });
  grpc::health::v1::HealthCheckRequest request;
  request.set_service("x");
  grpc::health::v1::HealthCheckResponse state;
  ASSERT_TRUE(state.ParseFromString(Call("Check", request.SerializeAsString())));
  EXPECT_EQ(state.status(), grpc::health::v1::HealthCheckResponse::NOT_SERVING);
  grpc::health::v1::HealthListResponse list;
  ASSERT_TRUE(list.ParseFromString(Call("List", "")));
  EXPECT_EQ(list.statuses().at("x").status(), state.status());
  EXPECT_EQ(list.statuses().at("").status(), grpc::health::v1::HealthCheckResponse::SERVING);
}

TEST_F(HealthTest, ListsAllServices) {
  world_.DoAtServer([this] { health_.Set("x", Health::State::kNotServing); });
  EXPECT_EQ(Call("List", ""), "\x0a\x04\x12\x02\x08\x01\x0a\x07\x0a\x01x\x12\x02\x08\x02");
}

TEST_F(HealthTest, WatchersLearnOfChangesOnly) {
  std::vector<base::Bytes> states;
  std::shared_ptr<ClientCall> call;
  world_.Do([&] {
    call =
        channel_->Start("/grpc.health.v1.Health/Watch", {}, std::make_unique<Collector>(&states));
    call->Send(Message(base::ByteView("\x0a\x01x")));
    call->HalfClose();
  });
  world_.Settle();
  EXPECT_EQ(states, std::vector<base::Bytes>{"\x08\x03"}) << "unknown, but it may come";
  for (const auto state :
       {Health::State::kServing, Health::State::kServing, Health::State::kNotServing}) {
    world_.DoAtServer([&] { health_.Set("x", state); });
    world_.Settle();
  }
  EXPECT_EQ(states, (std::vector<base::Bytes>{"\x08\x03", "\x08\x01", "\x08\x02"}));
  world_.Do([&] { call->Cancel(); });
  world_.Settle();
  world_.DoAtServer([this] { health_.Set("x", Health::State::kServing); });
  world_.Settle();
  EXPECT_EQ(states.size(), 3u);
}

TEST_F(HealthTest, WatchersLearnThatTheServerStopsAndKeepItFromNothing) {
  std::vector<base::Bytes> states;
  std::shared_ptr<ClientCall> call;
  world_.Do([&] {
    call =
        channel_->Start("/grpc.health.v1.Health/Watch", {}, std::make_unique<Collector>(&states));
    call->Send(Message(""));
    call->HalfClose();
  });
  world_.Settle();
  bool drained = false;
  world_.DoAtServer([&] {
    health_.Stop();
    world_.server().Drain([&drained] { drained = true; });
  });
  world_.RunFor(std::chrono::seconds(3));
  EXPECT_EQ(states, (std::vector<base::Bytes>{"\x08\x01", "\x08\x02"}));
  EXPECT_TRUE(drained);
}

}  // namespace
}  // namespace rpc::testing
