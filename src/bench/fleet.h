#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "bench/connection.h"
#include "bench/control.h"
#include "client/settings.h"
#include "runtime/asio/loop.h"
#include "runtime/asio/network.h"

namespace bench {

// The connections of a run, dealt out over a few threads. Made, used and destroyed by the main
// thread; a connection is used on its loop.
class Fleet {
 public:
  // `threads` is at most `connections`, and both at least 1.
  Fleet(const client::Settings& settings, size_t connections, size_t threads);
  // Ends all calls.
  ~Fleet();
  Fleet(const Fleet&) = delete;
  Fleet& operator=(const Fleet&) = delete;

  // Waits until an endpoint of each connection answers; fails if none does within `timeout`, with
  // kCanceled if it is interrupted.
  client::Session::Ending Open(runtime::Duration timeout, Control* control);

  size_t connections() const { return connections_.size(); }
  size_t threads() const { return threads_.size(); }
  size_t ThreadOf(size_t connection) const { return connection % threads_.size(); }
  runtime::Loop& loop(size_t thread) { return threads_[thread]->loop.loop(); }
  Connection& connection(size_t number) { return *connections_[number]; }
  // Runs `task` on the loop and returns when it has run.
  void RunAndWait(size_t thread, base::Callback<void()> task);

  // A call on a connection, which is waited for; kCanceled if it is interrupted.
  base::Result<base::Bytes> Ask(size_t connection, const char* path, const base::Bytes& request,
                                Control* control);
  // What calls under way refer to: it is destroyed when the connections are.
  void Keep(std::shared_ptr<void> what) { kept_.push_back(std::move(what)); }
  // Why a connection that has none reaches no endpoint; empty if there is none such.
  std::string WhyNobodyAnswers();

 private:
  struct Thread {
    explicit Thread(const std::string& name) : loop(name), network(&loop.loop()) {}
    runtime::asio::LoopThread loop;
    runtime::asio::Network network;
  };

  std::vector<std::unique_ptr<Thread>> threads_;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::vector<std::shared_ptr<void>> kept_;
};

}  // namespace bench
