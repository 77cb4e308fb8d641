#pragma once

#include <memory>
#include <string>
#include <vector>

#include "app/listeners.h"
#include "app/net_services.h"
#include "runtime/asio/loop.h"
#include "runtime/asio/network.h"
#include "runtime/asio/shared_listener.h"
#include "runtime/posix/loop_pool.h"

namespace app {

// One of the threads that own connections: it decodes, checks and encodes, and serves reads itself,
// with NetServices. Destroyed after the member that it serves.
class NetThread {
 public:
  // The thread lends itself to `pool`, where the member's loops are, which outlives it.
  NetThread(const std::string& name, runtime::posix::LoopPool* pool);
  ~NetThread();

  runtime::Loop& loop() { return thread_.loop(); }

  // Serves the member from now on, at the surfaces of these listeners.
  void Open(const NetServices::Parts& parts, const std::vector<ListenerPlan>& plans);
  // What takes the connections of the listener that was planned so. Valid until Close.
  runtime::asio::SharedListener::Taker TakerOf(const ListenerPlan& plan);
  // Shows probes that it is not ready any more, and lets the requests of all surfaces but kMetrics
  // end: `on_drained` runs on the thread when no connection of these is left, unless Close comes
  // before. Their listeners have stopped.
  void Drain(base::Callback<void()> on_drained);
  // Closes every connection, and takes no others.
  void Close();
  // Runs `task` on the thread, once; replaces one that waits.
  void RunAfter(runtime::Duration delay, base::Callback<void()> task);
  // Ends the thread.
  void Stop() { thread_.Stop(); }

 private:
  runtime::asio::LoopThread thread_;
  runtime::asio::Network network_;
  std::unique_ptr<NetServices> services_;
  std::unique_ptr<runtime::Timer> timer_;
};

}  // namespace app
