#include <etcd/client.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <string>

#include "client/testing/fake_store.h"
#include "net/http/plain.h"
#include "net/http/server.h"
#include "runtime/asio/loop.h"
#include "runtime/asio/network.h"

// Watches as users have them: on a real port, with the client's thread.

namespace etcd {
namespace {

using ::testing::ElementsAre;

class ClientWatchTest : public ::testing::Test {
 protected:
  ClientWatchTest() {
    thread_.RunAndWait([this] {
      table_ = std::make_unique<rpc::Server>(&thread_.loop(), &plain_, rpc::MessageLimits{});
      store_.AddTo(table_.get(), &thread_.loop());
      server_ = std::make_unique<http::Server>(&thread_.loop(), &network_, table_.get(),
                                               http::Server::Options{});
      options_.endpoints = {server_->Listen({"127.0.0.1", 0, ""}, {}).value().ToString()};
    });
    client_ = Client::New(options_).value();
  }
  ~ClientWatchTest() override {
    client_.reset();
    thread_.RunAndWait([this] {
      server_.reset();
      table_.reset();
    });
  }

  void Put(const std::string& key) {
    thread_.RunAndWait([&] { store_.Put({key}); });
  }

  runtime::asio::LoopThread thread_{"fake-member"};
  runtime::asio::Network network_{&thread_.loop()};
  http::PlainService plain_{1000};
  client::testing::FakeStore store_;
  std::unique_ptr<rpc::Server> table_;
  std::unique_ptr<http::Server> server_;
  ClientOptions options_;
  std::unique_ptr<Client> client_;
};

// A watch with callbacks, and what they are told.
struct Background {
  std::promise<void> begun;
  std::promise<std::string> key;
  std::promise<int64_t> progress;
  std::promise<WatchEnding> ended;

  WatchRequest Request(const std::string& watched) const {
    return {.key = watched, .created_notify = true};
  }
  Client::WatchSink Sink() {
    return [this](const WatchResponse& response) {
      if (response.is_created) begun.set_value();
      if (response.is_progress) progress.set_value(response.header.revision);
      if (!response.events.empty()) key.set_value(response.events[0].kv.key);
      return true;
    };
  }
  std::function<void(WatchEnding)> Done() {
    return [this](WatchEnding ending) { ended.set_value(std::move(ending)); };
  }
};

TEST_F(ClientWatchTest, AWatchThatIsWaitedForEndsWithItsSink) {
  for (int i = 0; i < 3; ++i) Put("k/" + std::to_string(i));
  WatchRequest request = Prefix("k/");
  request.start_revision = 3;
  std::vector<std::string> keys;
  const WatchEnding ending = client_->Watch(request, {}, [&keys](const WatchResponse& response) {
    for (const Event& event : response.events) keys.push_back(event.kv.key);
    return keys.size() < 2;
  });
  EXPECT_THAT(keys, ElementsAre("k/1", "k/2"));
  EXPECT_EQ(ending.status, Status(Code::kCanceled, "context canceled"));
}

TEST_F(ClientWatchTest, AWatchWithCallbacksGoesOnUntilItsHandleIsCanceled) {
  Background watch;
  Cancellation cancellation;
  client_->Watch(watch.Request("k"), {.cancellation = cancellation}, watch.Sink(), watch.Done());
  watch.begun.get_future().wait();
  Put("k");
  EXPECT_EQ(watch.key.get_future().get(), "k");
  client_->RequestProgress();
  EXPECT_EQ(watch.progress.get_future().get(), 2);
  cancellation.Cancel();
  EXPECT_EQ(watch.ended.get_future().get().status, Status(Code::kCanceled, "context canceled"));
  const WatchEnding late = client_->Watch({.key = "k"}, {.cancellation = cancellation},
                                          [](const WatchResponse&) { return true; });
  EXPECT_EQ(late.status.code(), Code::kCanceled);
}

TEST_F(ClientWatchTest, WhyAMemberEndedItIsTold) {
  for (int i = 0; i < 5; ++i) Put("k");
  thread_.RunAndWait([this] { store_.Compact(4); });
  const auto all = [](const WatchResponse&) { return true; };
  WatchEnding ending = client_->Watch({.key = "k", .start_revision = 2}, {}, all);
  EXPECT_EQ(ending.status,
            Status(Code::kOutOfRange, "etcdserver: mvcc: required revision has been compacted"));
  EXPECT_EQ(ending.compact_revision, 4);
  thread_.RunAndWait([this] { store_.refusal = "mvcc: watcher range is empty"; });
  ending = client_->Watch({.key = "k"}, {}, all);
  EXPECT_EQ(ending.cancel_reason, "mvcc: watcher range is empty");
  EXPECT_EQ(ending.status.code(), Code::kFailedPrecondition);
}

TEST_F(ClientWatchTest, ACallbackMayBeginAWatchAndMustNotWaitForOne) {
  Background first;
  Background second;
  std::promise<WatchEnding> refused;
  client_->Watch(
      {.key = "k", .created_notify = true}, {},
      [&](const WatchResponse&) {
        client_->Watch(second.Request("l"), {}, second.Sink(), second.Done());
        refused.set_value(
            client_->Watch({.key = "m"}, {}, [](const WatchResponse&) { return true; }));
        return false;
      },
      first.Done());
  EXPECT_EQ(refused.get_future().get().status.code(), Code::kFailedPrecondition);
  EXPECT_EQ(first.ended.get_future().get().status.code(), Code::kCanceled);
  second.begun.get_future().wait();
  Put("l");
  EXPECT_EQ(second.key.get_future().get(), "l");
  client_.reset();
  EXPECT_EQ(second.ended.get_future().get().status.code(), Code::kCanceled);
}

// Many times: whether the client's thread gets to what was begun before it ends is up to chance.
TEST_F(ClientWatchTest, WhatIsBegunWhileTheClientIsDestroyedComesToNothing) {
  for (int i = 0; i < 100; ++i) {
    client_ = Client::New(options_).value();
    Client* const client = client_.get();
    Background watch;
    std::promise<void> ended;
    client->Watch(watch.Request("k"), {}, watch.Sink(), [&](const WatchEnding&) {
      client->Watch(
          {.key = "k"}, {}, [](const WatchResponse&) { return true; },
          [](const WatchEnding&) { ADD_FAILURE(); });
      client->Get({.key = "k"}, {}, [](const Result<GetResponse>&) { ADD_FAILURE(); });
      client->RequestProgress();
      ended.set_value();
    });
    watch.begun.get_future().wait();
    client_.reset();
    ended.get_future().wait();
  }
}

TEST_F(ClientWatchTest, WatchesBeyondThePendingBytesAreRefusedUnsent) {
  options_.max_pending_bytes = 1;
  client_ = Client::New(options_).value();
  Background watch;
  client_->Watch(watch.Request("k"), {}, watch.Sink(), watch.Done());
  watch.begun.get_future().wait();
  const WatchEnding refused =
      client_->Watch({.key = "l"}, {}, [](const WatchResponse&) { return true; });
  EXPECT_EQ(refused.status.code(), Code::kResourceExhausted);
  client_.reset();
}

}  // namespace
}  // namespace etcd
