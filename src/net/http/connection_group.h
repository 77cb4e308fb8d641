#pragma once

#include <deque>
#include <functional>
#include <limits>
#include <memory>
#include <utility>
#include <vector>

#include "net/http/budget.h"
#include "net/http/connection.h"
#include "net/http/counters.h"
#include "net/http/session.h"
#include "runtime/loop.h"

namespace http {

// The connections of one owner on one loop, with what they share: memory for output and streams,
// counters, one timer for all their time limits. Sends what was queued during a turn at its end.
class ConnectionGroup {
 public:
  // A share in what the member holds for its clients; by default nothing is bounded.
  struct Share {
    std::shared_ptr<SharedBudget> member;
    size_t connection_max = std::numeric_limits<size_t>::max();
    // Runs on the loop some seconds after much of what was held was given back, when the loop is
    // not busy if that is soon: malloc may then return memory to the system.
    std::function<void()> on_freed;
  };
  ConnectionGroup(runtime::Loop* loop, const Limits& limits, const Keepalive& keepalive,
                  Share share);
  ConnectionGroup(runtime::Loop* loop, const Limits& limits, const Keepalive& keepalive)
      : ConnectionGroup(loop, limits, keepalive, Share()) {}
  // Closes what is open.
  ~ConnectionGroup();
  ConnectionGroup(const ConnectionGroup&) = delete;
  ConnectionGroup& operator=(const ConnectionGroup&) = delete;

  // Takes the connection and starts it. The reference is valid until the connection is lost.
  Connection& Add(std::unique_ptr<Connection> connection);

  // Drains every connection; `on_empty` runs once none is left, at once if there is none now.
  void Drain(base::Callback<void()> on_empty);
  // Not from inside an exchange's event.
  void CloseAll(const base::Status& status);

  size_t size() const { return connections_.size(); }
  const Environment& environment() const { return environment_; }
  const Counters& counters() const { return counters_; }
  Counters& counters() { return counters_; }

 private:
  friend class Connection;

  void FlushAtEndOfTurn(Connection* connection);
  // Has the connection do a part of its work as a slice of the loop. One of a kind waits at a time.
  using Work = void (Connection::*)();
  void RunInSlice(Connection* connection, Work work);
  void RunSlice();
  // Forgets the connection now and destroys it at the end of the turn.
  void Retire(Connection* connection);

  void ScheduleEndOfTurn();
  void EndTurn();
  void Tick();
  // Whether much was given back and on_freed_ has not been told.
  bool HasFreedMuch() const;
  void ReportFreed();

  Counters counters_;
  const std::shared_ptr<SharedBudget> member_budget_;
  LoopBudget budget_;
  BlockPool blocks_;
  std::unique_ptr<StreamPool> streams_;
  std::unique_ptr<H2Memory> h2_memory_;
  Date date_;
  const Environment environment_;
  uint64_t connections_made_ = 0;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::vector<Connection*> to_flush_;
  std::deque<std::pair<Connection*, Work>> slices_;
  std::vector<std::unique_ptr<Connection>> retired_;
  base::Callback<void()> on_empty_;
  const std::function<void()> on_freed_;
  int ticks_since_freed_ = 0;
  uint64_t bytes_at_tick_ = 0;  // that had been received and sent
  bool end_of_turn_scheduled_ = false;
  const std::unique_ptr<runtime::Timer> timer_;
  // Expires with the group, for tasks that may run after it.
  const std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace http
