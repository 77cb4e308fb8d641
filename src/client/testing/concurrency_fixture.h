#pragma once

#include <etcd/concurrency.h>
#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "client/testing/fake_kv.h"
#include "net/http/plain.h"
#include "net/http/server.h"
#include "runtime/asio/loop.h"
#include "runtime/asio/network.h"

namespace client::testing {

// What is built on sessions, watches and transactions as users have it: on a real port, with the
// client's thread, and a store of its own.
class ConcurrencyFixture : public ::testing::Test {
 protected:
  ConcurrencyFixture() {
    thread_.RunAndWait([this] {
      table_ = std::make_unique<rpc::Server>(&thread_.loop(), &plain_, rpc::MessageLimits{});
      store_.AddTo(table_.get(), &thread_.loop());
      leases_.AddTo(table_.get(), &thread_.loop());
      kv_.AddTo(table_.get());
      server_ = std::make_unique<http::Server>(&thread_.loop(), &network_, table_.get(),
                                               http::Server::Options{});
      options_.endpoints = {server_->Listen({"127.0.0.1", 0, ""}, {}).value().ToString()};
    });
    client_ = etcd::Client::New(options_).value();
  }
  ~ConcurrencyFixture() override {
    for (std::thread& thread : asides_) thread.join();
    client_.reset();
    thread_.RunAndWait([this] {
      server_.reset();
      table_.reset();
    });
  }

  std::unique_ptr<etcd::Session> NewSession(etcd::SessionOptions options = {}) {
    return etcd::Session::New(client_.get(), options).value();
  }
  // On a thread of its own.
  template <typename Task>
  std::future<etcd::Status> Aside(Task task) {
    std::packaged_task<etcd::Status()> packaged(std::move(task));
    std::future<etcd::Status> result = packaged.get_future();
    asides_.emplace_back(std::move(packaged));
    return result;
  }
  template <typename Action>
  void OnMember(Action action) {
    thread_.RunAndWait(action);
  }
  std::vector<std::string> Keys() {
    std::vector<std::string> keys;
    OnMember([&] {
      for (const auto& [key, pair] : kv_.pairs()) keys.push_back(key);
    });
    return keys;
  }
  // Until there are so many keys.
  void AwaitKeys(size_t count) {
    while (Keys().size() != count) std::this_thread::yield();
  }

  runtime::asio::LoopThread thread_{"fake-member"};
  runtime::asio::Network network_{&thread_.loop()};
  http::PlainService plain_{1000};
  FakeStore store_;
  FakeLeases leases_;
  FakeKv kv_{&store_, &leases_};
  std::unique_ptr<rpc::Server> table_;
  std::unique_ptr<http::Server> server_;
  etcd::ClientOptions options_;
  std::unique_ptr<etcd::Client> client_;
  std::vector<std::thread> asides_;
};

}  // namespace client::testing
