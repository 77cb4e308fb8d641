#include "client/hosting.h"

#include <etcd/concurrency.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>

#include "client/testing/fake_cluster.h"
#include "client/testing/fake_kv.h"
#include "runtime/simulated/network.h"
#include "runtime/simulated/scheduler.h"
#include "runtime/simulated/threads.h"

// A client on another host than a thread of its own: one in virtual time.

namespace etcd {
namespace {

using namespace std::chrono_literals;
using client::testing::FakeMember;

class SimulatedHost final : public client::Host {
 public:
  SimulatedHost(runtime::simulated::Scheduler* scheduler, runtime::simulated::Wires* wires,
                runtime::simulated::Threads* threads)
      : threads_(*threads),
        loop_(scheduler->NewLoop("client")),
        network_(wires->NewNetwork("client", loop_.get())) {}

  runtime::Loop& loop() override { return *loop_; }
  runtime::Network& network() override { return *network_; }
  uint64_t NewSeed() override { return 1; }
  void Stop() override {}
  void Wait(const Start& start) override { threads_.Wait(start); }

 private:
  runtime::simulated::Threads& threads_;
  const std::unique_ptr<runtime::Loop> loop_;
  const std::unique_ptr<runtime::Network> network_;
};

class HostingTest : public ::testing::Test {
 protected:
  // What a thread does with a client of both members, in virtual time; how long it took.
  runtime::Duration Run(const std::function<void(Client& client)>& task,
                        ClientOptions options = {}) {
    const runtime::TimePoint began = scheduler_.clock().Now();
    runtime::TimePoint ended = began;
    options.endpoints = {members_[0].endpoint(), members_[1].endpoint()};
    threads_.Start([&] {
      auto client = Hosting::NewClient(
          [this] { return std::make_unique<SimulatedHost>(&scheduler_, &wires_, &threads_); },
          options);
      status_ = client.status();
      if (client.ok()) task(**client);
      ended = scheduler_.clock().Now();
    });
    for (int seconds = 0; threads_.count() > 0 && seconds < 60; ++seconds) scheduler_.RunFor(1s);
    EXPECT_EQ(threads_.count(), 0u);
    return ended - began;
  }

  runtime::simulated::Scheduler scheduler_{1};
  runtime::simulated::Wires wires_{&scheduler_};
  runtime::simulated::Threads threads_{&scheduler_, "threads"};
  client::testing::Arrivals arrivals_;
  client::testing::FakeStore store_;
  client::testing::FakeLeases leases_;
  FakeMember members_[2] = {{&scheduler_, &wires_, 1, &arrivals_, &store_, &leases_},
                            {&scheduler_, &wires_, 2, &arrivals_, &store_, &leases_}};
  Status status_;
};

TEST_F(HostingTest, CallsWaitInTheHostsTime) {
  for (FakeMember& member : members_) member.latency = 1s;
  const auto took = Run([](Client& client) {
    EXPECT_TRUE(client.Get({.key = "a"}).ok());
    EXPECT_TRUE(client.Put({.key = "b"}).ok());
  });
  EXPECT_GE(took, 2s);
  EXPECT_LT(took, 2100ms);
  EXPECT_EQ(arrivals_["b"], 1);
}

TEST_F(HostingTest, TimeoutsAreOfTheHostsTime) {
  for (FakeMember& member : members_) member.hangs = true;
  const auto took = Run([](Client& client) {
    EXPECT_EQ(client.Get({.key = "a"}, {.timeout = 3s}).status().code(), Code::kDeadlineExceeded);
  });
  EXPECT_EQ(took / 100ms, 30);
}

// Those of what consists of several calls, too.
TEST_F(HostingTest, WhatConsistsOfCallsHasTheHostsTime) {
  for (FakeMember& member : members_) member.latency = 2s;
  const auto took = Run([](Client& client) {
    const Barrier barrier(&client, "barrier");
    EXPECT_TRUE(barrier.Wait({.timeout = 3s}).ok());  // nobody holds it
    EXPECT_EQ(barrier.Wait({.timeout = 1s}).code(), Code::kDeadlineExceeded);
  });
  EXPECT_EQ(took / 100ms, 30);
}

TEST_F(HostingTest, AReadGoesToAnotherMember) {
  members_[0].Die();
  Run([](Client& client) {
    for (int i = 0; i < 4; ++i) {
      const auto got = client.Get({.key = "a"});
      ASSERT_TRUE(got.ok());
      EXPECT_EQ(got->header.member_id, 2u);
    }
  });
}

TEST_F(HostingTest, ItsThreadsWaitBesideEachOther) {
  members_[0].latency = members_[1].latency = 1s;
  int answered = 0;
  const auto took = Run([&](Client& client) {
    for (int i = 0; i < 3; ++i) {
      threads_.Start([&] { answered += client.Get({.key = "a"}).ok() ? 1 : 0; });
    }
    threads_.Sleep(1500ms);
  });
  EXPECT_EQ(answered, 3);
  EXPECT_EQ(took / 100ms, 15);
}

TEST_F(HostingTest, ItLogsInBeforeItIsThere) {
  for (FakeMember& member : members_) member.token_wanted = "token 1";
  Run([](Client& client) { EXPECT_TRUE(client.Get({.key = "a"}).ok()); },
      {.user = "root", .password = "root"});
  EXPECT_TRUE(status_.ok());
  EXPECT_EQ(members_[0].authentications + members_[1].authentications, 1);
}

TEST_F(HostingTest, OptionsThatAreNoGoodNeedNoHost) {
  const auto client = Hosting::NewClient(
      []() -> std::unique_ptr<client::Host> {
        ADD_FAILURE();
        return nullptr;
      },
      {.endpoints = {"a:1"}, .max_attempts = 0});
  EXPECT_EQ(client.status().code(), Code::kInvalidArgument);
}

}  // namespace
}  // namespace etcd
