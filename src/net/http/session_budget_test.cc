#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "net/http/plain.h"
#include "net/http/testing/world.h"

namespace http::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Then = Exchange::Then;

constexpr size_t kMegabyte = size_t{1} << 20;

// Keeps each request's body until it is whole, then answers with its size; as a message is read.
class CollectingService final : public Service {
 public:
  std::shared_ptr<ExchangeHandler> OnRequest(Exchange& exchange) override {
    ++requests;
    return std::make_shared<Handler>(&exchange);
  }

  int requests = 0;

 private:
  struct Handler final : ExchangeHandler {
    explicit Handler(Exchange* the_exchange) : exchange(the_exchange) {}
    void OnData(base::ByteView bytes) override {
      body.append(bytes);
      exchange->SetHeld(body.size());
      exchange->Consume(bytes.size());
    }
    void OnEnd(const Headers&) override {
      exchange->SendHead({{":status", "200"}}, Then::kContinue);
      exchange->SendData(std::to_string(body.size()), Then::kEnd);
    }
    void OnClosed(const Closing&) override {}

    Exchange* exchange;
    base::Bytes body;
  };
};

class SessionBudgetTest : public ::testing::Test {
 protected:
  // Lets a client's bytes arrive, and remembers the most that was held meanwhile.
  void Run(World& world, runtime::Duration duration = seconds(2)) {
    for (runtime::Duration passed{0}; passed < duration; passed += milliseconds(1)) {
      world.RunFor(milliseconds(1));
      most_ = std::max(most_, world.server().held_bytes());
    }
  }
  void ExpectAnotherClientIsServed(World& world) {
    Connection& other = world.ConnectHttp2();
    const auto call = world.Request(other, Then::kEnd);
    world.Settle();
    EXPECT_EQ(StatusCode(call->head), 200);
    EXPECT_TRUE(call->closed);
  }

  size_t most_ = 0;
};

TEST_F(SessionBudgetTest, AnswersThatNobodyTakesAreBounded) {
  EchoService service;
  World world(&service);
  RawClient& client = world.ConnectRaw();
  client.SendPreface();
  client.Send(StreamWindows(0));
  for (uint32_t i = 0; i < 300; ++i) client.Send(RequestFrame(2 * i + 1, true, "/big/300000"));
  Run(world);
  EXPECT_GT(most_, 10 * kMegabyte);
  EXPECT_LE(most_, 32 * kMegabyte);
  EXPECT_LT(service.requests, 100) << "the others wait";
  ExpectAnotherClientIsServed(world);
  // Who takes them gets them all.
  client.Send(StreamWindows(0x7fffffff));
  for (int i = 0; i < 2000 && service.closed < 301; ++i) {
    client.Send(WiderWindow(0, 0x7f0000));
    Run(world, milliseconds(5));
  }
  Run(world, milliseconds(50));  // the last one is on its way
  EXPECT_LE(most_, 32 * kMegabyte);
  EXPECT_EQ(service.closed, 301);
  EXPECT_GE(client.received().size(), 300u * 300'000);
  EXPECT_EQ(world.server().held_bytes(), 0u);
}

// Answers each request with two megabytes, in parts for which there is room, and counts its client
// to a share.
class PartsService final : public Service {
 public:
  std::shared_ptr<ExchangeHandler> OnRequest(Exchange& exchange) override {
    exchange.CountTo(share);
    exchange.SendHead({{":status", "200"}}, Then::kContinue);
    auto handler = std::make_shared<Handler>();
    handler->service = this;
    handler->exchange = &exchange;
    handler->OnWritable();
    return handler;
  }

  const std::shared_ptr<SharedBudget> share = std::make_shared<SharedBudget>(kMegabyte);
  int closed = 0;

 private:
  struct Handler final : ExchangeHandler {
    void OnData(base::ByteView) override {}
    void OnEnd(const Headers&) override {}
    void OnWritable() override {
      while (left > 0 && exchange->writable()) {
        left -= kPart;
        exchange->SendData(base::Bytes(kPart, 'p'), left == 0 ? Then::kEnd : Then::kContinue);
      }
    }
    void OnClosed(const Closing&) override { ++service->closed; }

    static constexpr size_t kPart = 32 * 1024;
    PartsService* service;
    Exchange* exchange;
    size_t left = 2 * kMegabyte;
  };
};

TEST_F(SessionBudgetTest, AnswersOfAShareStayWithinIt) {
  PartsService service;
  World world(&service);
  std::vector<RawClient*> clients;
  for (int i = 0; i < 4; ++i) {
    clients.push_back(&world.ConnectRaw());
    clients.back()->SendPreface();
    clients.back()->Send(StreamWindows(0));
    for (uint32_t j = 0; j < 25; ++j) clients.back()->Send(RequestFrame(2 * j + 1, true, "/"));
  }
  Run(world);
  EXPECT_GE(service.share->used(), kMegabyte);
  EXPECT_LE(service.share->used(), 2 * kMegabyte) << "one answer a connection may go on";
  for (RawClient* const client : clients) client->Send(StreamWindows(0x7fffffff));
  for (int i = 0; i < 2000 && service.closed < 100; ++i) {
    for (RawClient* const client : clients) client->Send(WiderWindow(0, 0x7f0000));
    Run(world, milliseconds(5));
  }
  EXPECT_EQ(service.closed, 100);
  Run(world, milliseconds(50));
  EXPECT_EQ(service.share->used(), 0u);
}

TEST_F(SessionBudgetTest, HeadsOfManyStreamsAreBounded) {
  EchoService service;
  World world(&service);
  RawClient& client = world.ConnectRaw();
  client.SendPreface();
  for (uint32_t i = 0; i < 5000; ++i) {
    Frame head = RequestFrame(2 * i + 1, /*ended=*/false, "/never");
    head.payload += i == 0 ? HeaderBomb(15) : base::Bytes(15, static_cast<char>(0x80 | 62));
    client.Send(head);
  }
  Run(world);
  EXPECT_LE(most_, 33 * kMegabyte);
  EXPECT_GT(world.abuse(Abuse::kOverBudget), 4000u);
  const auto resets = client.ReceivedFrames(kReset);
  ASSERT_FALSE(resets.empty());
  EXPECT_EQ(ReadUint(resets.front().payload), static_cast<uint32_t>(ErrorCode::kEnhanceYourCalm));
  ExpectAnotherClientIsServed(world);
  client.Close();
  world.Settle();
  EXPECT_EQ(world.server().held_bytes(), 0u);
}

// Answers one request each millisecond, in their order.
class SlowService final : public Service {
 public:
  std::shared_ptr<ExchangeHandler> OnRequest(Exchange& exchange) override {
    if (timer_ == nullptr) {
      timer_ = exchange.loop().NewTimer([this] { Answer(); });
      timer_->Arm(milliseconds(1));
    }
    auto handler = std::make_shared<Handler>();
    handler->exchange = &exchange;
    exchange.SetCost({.call = 4096});
    waiting_.push_back(handler);
    most_waiting = std::max(most_waiting, waiting_.size());
    return handler;
  }
  // Before the world with its loop ends.
  void Stop() { timer_.reset(); }
  size_t most_waiting = 0;

 private:
  struct Handler final : ExchangeHandler {
    void OnData(base::ByteView bytes) override { exchange->Consume(bytes.size()); }
    void OnEnd(const Headers&) override {}
    void OnClosed(const Closing&) override { exchange = nullptr; }
    Exchange* exchange = nullptr;
  };
  void Answer() {
    timer_->Arm(milliseconds(1));
    if (waiting_.empty()) return;
    const std::shared_ptr<Handler> first = std::move(waiting_.front());
    waiting_.pop_front();
    if (first->exchange != nullptr) first->exchange->SendHead({{":status", "200"}}, Then::kEnd);
  }

  std::unique_ptr<runtime::Timer> timer_;
  std::deque<std::shared_ptr<Handler>> waiting_;
};

// Of a server whose member has a megabyte left.
Server::Options NearlyFull() {
  Server::Options options;
  options.member_budget = std::make_shared<SharedBudget>(64 * kMegabyte);
  options.member_budget->Take(63 * kMegabyte);
  return options;
}

TEST_F(SessionBudgetTest, RequestsThatMakeRoomThemselvesWaitForItAndAreAllAnswered) {
  SlowService service;
  World world(&service, NearlyFull());
  RawClient& client = world.ConnectRaw();
  client.SendPreface();
  constexpr uint32_t kRequests = 3000;
  for (uint32_t i = 0; i < kRequests; ++i) {
    client.Send(RequestFrame(2 * i + 1, false));
    client.Send(Frame{kData, kEndStream, 2 * i + 1, "a request"});
  }
  Run(world, seconds(5));
  EXPECT_LE(most_, kMegabyte);
  EXPECT_LT(service.most_waiting, 200u);
  EXPECT_GT(service.most_waiting, 10u);
  EXPECT_EQ(client.ReceivedFrames(kReset).size(), 0u);
  EXPECT_EQ(client.ReceivedFrames(kHeaders).size(), kRequests);
  service.Stop();
  world.DestroyServer();
}

TEST_F(SessionBudgetTest, RequestsDoNotWaitForRoomThatDoesNotCome) {
  CollectingService service;
  World world(&service, NearlyFull());
  RawClient& client = world.ConnectRaw();
  client.SendPreface();
  // Never whole, so that only the client can end them.
  constexpr uint32_t kRequests = 3000;
  for (uint32_t i = 0; i < kRequests; ++i) client.Send(RequestFrame(2 * i + 1, false));
  Run(world, seconds(2));
  EXPECT_LE(most_, kMegabyte);
  EXPECT_GT(client.ReceivedFrames(kReset).size(), kRequests / 2);
  EXPECT_TRUE(client.unsent().empty());
}

// Of a server whose member has little left, or much.
Server::Options WithMember(bool is_short) {
  Server::Options options;
  options.member_budget = std::make_shared<SharedBudget>(512 * kMegabyte);
  if (is_short) options.member_budget->Take(460 * kMegabyte);
  return options;
}

TEST_F(SessionBudgetTest, WhoTakesNothingIsEndedSoonerWhenTheMemberIsShort) {
  for (const bool is_short : {false, true}) {
    EchoService service;
    World world(&service, WithMember(is_short));
    RawClient& client = world.ConnectRaw();
    client.SendPreface();
    client.Send(StreamWindows(0));
    for (uint32_t i = 0; i < 100; ++i) client.Send(RequestFrame(2 * i + 1, true, "/big/300000"));
    world.RunFor(seconds(15));
    EXPECT_EQ(client.ended(), is_short);
  }
}

TEST_F(SessionBudgetTest, AMessageThatIsNotWholeInTimeIsEndedWhenTheMemberIsShort) {
  for (const bool is_short : {false, true}) {
    CollectingService service;
    World world(&service, WithMember(is_short));
    RawClient& client = world.ConnectRaw();
    client.SendPreface();
    for (uint32_t i = 0; i < 50; ++i) {
      client.Send(RequestFrame(2 * i + 1, false));
      client.Send(Frame{kData, 0, 2 * i + 1, base::Bytes(100, 'm')});
    }
    // It moves all the time, and is not whole either.
    for (int second = 0; second < 15; ++second) {
      client.Send(Frame{kData, 0, 1, "m"});
      world.RunFor(seconds(1));
    }
    EXPECT_EQ(client.ReceivedFrames(kReset).size(), is_short ? 50u : 0u);
    EXPECT_EQ(world.abuse(Abuse::kOverBudget), is_short ? 50u : 0u);
    EXPECT_FALSE(client.ended());
    world.DestroyServer();
  }
}

TEST_F(SessionBudgetTest, SoIsABodyOfHttp1) {
  for (const bool is_short : {false, true}) {
    CollectingService service;
    World world(&service, WithMember(is_short));
    RawClient& client = world.ConnectRaw();
    client.Send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 8000\r\n\r\n");
    for (int second = 0; second < 15; ++second) {
      client.Send("b");
      world.RunFor(seconds(1));
    }
    EXPECT_EQ(client.ended(), is_short);
    world.DestroyServer();
  }
}

// Tells how much memory each request's head has.
class CapacityService final : public Service {
 public:
  std::shared_ptr<ExchangeHandler> OnRequest(Exchange& exchange) override {
    capacities.push_back(exchange.received_head().capacity());
    exchange.SendHead({{":status", "200"}}, Then::kEnd);
    return std::make_shared<IgnoringHandler>(&exchange);
  }
  std::vector<size_t> capacities;
};

TEST_F(SessionBudgetTest, TheMemoryOfALargeHeadIsNotKeptForTheNext) {
  CapacityService service;
  World world(&service);
  RawClient& client = world.ConnectRaw();
  client.SendPreface();
  client.Send(RequestWithBomb(1, 15));
  world.Settle();
  client.Send(RequestFrame(3, true));
  world.Settle();
  ASSERT_EQ(service.capacities.size(), 2u);
  EXPECT_GT(service.capacities[0], 60'000u);
  EXPECT_LT(service.capacities[1], 4096u);
}

TEST_F(SessionBudgetTest, ManyMessagesAtOnceAreFinishedOneAfterTheOther) {
  CollectingService service;
  World world(&service);
  Connection& client = world.ConnectHttp2();
  std::vector<std::shared_ptr<RecordingHandler>> calls;
  for (int i = 0; i < 64; ++i) {
    calls.push_back(world.Request(client, Then::kContinue));
    world.Do([&] { calls.back()->exchange->SendData(base::Bytes(1400 * 1024, 'm'), Then::kEnd); });
  }
  Run(world, seconds(20));
  for (const auto& call : calls) EXPECT_EQ(call->data, std::to_string(1400 * 1024));
  EXPECT_GT(most_, 8 * kMegabyte);
  EXPECT_LE(most_, 33 * kMegabyte);
  EXPECT_EQ(world.abuse(Abuse::kOverBudget), 0u);
  EXPECT_EQ(world.server().held_bytes(), 0u);
}

TEST_F(SessionBudgetTest, MessagesThatNeverEndAreBounded) {
  CollectingService service;
  World world(&service);
  Connection& client = world.ConnectHttp2();
  world.Settle();
  std::vector<std::shared_ptr<RecordingHandler>> calls;
  for (int i = 0; i < 300; ++i) {
    calls.push_back(world.Request(client, Then::kContinue));
    // More than a stream's window lets through.
    world.Do(
        [&] { calls.back()->exchange->SendData(base::Bytes(kMegabyte, 'm'), Then::kContinue); });
  }
  Run(world);
  EXPECT_LE(most_, 33 * kMegabyte);
  EXPECT_GT(world.abuse(Abuse::kOverBudget), 0u);
  ExpectAnotherClientIsServed(world);
}

TEST_F(SessionBudgetTest, ASingleMessageMayBeFinishedAboveTheBudget) {
  CollectingService service;
  Server::Options options;
  options.budget.connection_bytes = 1;
  options.budget.largest_request_bytes = kMegabyte;
  World world(&service, options);
  Connection& client = world.ConnectHttp2();
  const auto call = world.Request(client, Then::kContinue);
  world.Do([&] { call->exchange->SendData(base::Bytes(5 * kMegabyte, 'm'), Then::kEnd); });
  world.RunFor(seconds(5));
  EXPECT_EQ(call->data, std::to_string(5 * kMegabyte));
}

TEST_F(SessionBudgetTest, ManyConnectionsStayWithinTheMembersBudget) {
  EchoService service;
  Server::Options options;
  options.member_budget = std::make_shared<SharedBudget>(64 * kMegabyte);
  World world(&service, options);
  for (int connection = 0; connection < 20; ++connection) {
    RawClient& client = world.ConnectRaw();
    client.SendPreface();
    client.Send(StreamWindows(0));
    for (uint32_t i = 0; i < 200; ++i) client.Send(RequestFrame(2 * i + 1, true, "/big/100000"));
    Run(world, milliseconds(20));
  }
  EXPECT_LE(options.member_budget->used(), 64 * kMegabyte);
  ExpectAnotherClientIsServed(world);
}

// Each connection's only answer, which its own budget does not bound.
TEST_F(SessionBudgetTest, AnswersOfManyConnectionsFitTogetherOrAreRefused) {
  SharedBudget member(64 * kMegabyte);
  LoopBudget loop(&member, 32 * kMegabyte);
  std::deque<Account> accounts;
  int taken = 0;
  for (int connection = 0; connection < 20; ++connection) {
    Account& account = accounts.emplace_back(&loop);
    if (!account.FitsAnswer(10 * kMegabyte, /*is_only=*/true)) continue;
    account.Add(10 * kMegabyte);
    ++taken;
  }
  EXPECT_EQ(taken, 4);
  EXPECT_LE(member.used(), member.max() - member.max() / 8) << "not all is theirs";
  EXPECT_TRUE(accounts.back().FitsAnswer(kMegabyte, /*is_only=*/false)) << "who holds little";
  EXPECT_TRUE(accounts.back().FitsAnswer(4096, /*is_only=*/false)) << "it may say what was done";
}

TEST_F(SessionBudgetTest, WhatWasGivenBackIsReportedOnceTheLoopIsIdle) {
  EchoService service;
  Server::Options options;
  int reports = 0;
  options.on_freed = [&reports] { ++reports; };
  World world(&service, options);
  std::vector<RawClient*> clients;
  for (int i = 0; i < 4; ++i) {
    clients.push_back(&world.ConnectRaw());
    clients.back()->SendPreface();
    clients.back()->Send(StreamWindows(0));
    for (uint32_t j = 0; j < 100; ++j) {
      clients.back()->Send(RequestFrame(2 * j + 1, true, "/big/300000"));
    }
  }
  world.RunFor(seconds(10));
  EXPECT_GT(world.server().held_bytes(), 60 * kMegabyte);
  EXPECT_EQ(reports, 0);
  for (RawClient* client : clients) client->Close();
  world.RunFor(seconds(6));
  EXPECT_EQ(world.server().held_bytes(), 0u);
  EXPECT_EQ(reports, 1);
  world.RunFor(seconds(60));
  EXPECT_EQ(reports, 1);
}

TEST_F(SessionBudgetTest, WithoutRoomAHttp1RequestIsEndedByName) {
  PlainService service(16 * kMegabyte);
  service.Handle("/", [](const PlainRequest&, Responder responder) {
    responder.Send(TextResponse(200, "whole"));
  });
  Server::Options options;
  options.member_budget = std::make_shared<SharedBudget>(kMegabyte);
  options.member_budget->Take(kMegabyte);
  World world(&service, options);
  RawClient& client = world.ConnectRaw();
  client.Send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 8000000\r\n\r\n");
  client.Send(base::Bytes(1'000'000, 'b'));
  world.RunFor(seconds(1));
  EXPECT_TRUE(client.received().starts_with("HTTP/1.1 503 "));
  EXPECT_TRUE(client.ended());
  EXPECT_EQ(world.abuse(Abuse::kOverBudget), 1u);
}

}  // namespace
}  // namespace http::testing
