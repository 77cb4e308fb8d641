#include "net/http/connection_group.h"

#include <algorithm>
#include <utility>

#include "net/http/h2_memory.h"
#include "net/http/h2_stream.h"

namespace http {
namespace {

constexpr runtime::Duration kTick = std::chrono::milliseconds(500);

// How much must have been given back to be reported, with what traffic a loop is busy between two
// ticks, and how many ticks are waited for one that is not.
constexpr size_t kMuchBytes = size_t{32} << 20;
constexpr uint64_t kBusyBytes = 1 << 20;
constexpr int kTicksOfPatience = 10;

}  // namespace

ConnectionGroup::ConnectionGroup(runtime::Loop* loop, const Limits& limits,
                                 const Keepalive& keepalive, Share share)
    : member_budget_(std::move(share.member)),
      budget_(member_budget_.get(), share.connection_max),
      streams_(std::make_unique<StreamPool>()),
      h2_memory_(std::make_unique<H2Memory>()),
      environment_{loop,           limits,           keepalive, &counters_, &blocks_,
                   streams_.get(), h2_memory_.get(), &date_,    &budget_},
      on_freed_(std::move(share.on_freed)),
      timer_(loop->NewTimer([this] { Tick(); })) {}

ConnectionGroup::~ConnectionGroup() {
  end_of_turn_scheduled_ = true;  // nothing is left for it
  CloseAll(base::Status(base::Code::kUnavailable, "the server has stopped"));
}

Connection& ConnectionGroup::Add(std::unique_ptr<Connection> connection) {
  Connection& added = *connection;
  added.position_ = connections_.size();
  if (connections_.empty()) timer_->Arm(kTick);
  connections_.push_back(std::move(connection));
  counters_.connections_accepted.Add();
  counters_.connections_open.Add();
  added.Start();
  return added;
}

void ConnectionGroup::Drain(base::Callback<void()> on_empty) {
  on_empty_ = std::move(on_empty);
  for (size_t i = connections_.size(); i-- > 0;) connections_[i]->Drain();
  if (connections_.empty() && on_empty_) std::exchange(on_empty_, nullptr)();
}

void ConnectionGroup::CloseAll(const base::Status& status) {
  while (!connections_.empty()) connections_.back()->Close(status);
}

void ConnectionGroup::FlushAtEndOfTurn(Connection* connection) {
  to_flush_.push_back(connection);
  ScheduleEndOfTurn();
}

void ConnectionGroup::RunInSlice(Connection* connection, Work work) {
  slices_.emplace_back(connection, work);
  environment_.loop->PostSlice([this, alive = std::weak_ptr<bool>(alive_)] {
    if (!alive.expired()) RunSlice();
  });
}

void ConnectionGroup::RunSlice() {
  if (slices_.empty()) return;  // of a connection that was lost
  const auto [connection, work] = slices_.front();
  slices_.pop_front();
  (connection->*work)();
}

void ConnectionGroup::Retire(Connection* connection) {
  const size_t position = connection->position_;
  retired_.push_back(std::move(connections_[position]));
  if (position + 1 < connections_.size()) {
    connections_[position] = std::move(connections_.back());
    connections_[position]->position_ = position;
  }
  connections_.pop_back();
  std::erase(to_flush_, connection);
  std::erase_if(slices_, [connection](const auto& slice) { return slice.first == connection; });
  counters_.connections_open.Subtract();
  if (connections_.empty() && !HasFreedMuch()) timer_->Disarm();
  ScheduleEndOfTurn();
}

void ConnectionGroup::ScheduleEndOfTurn() {
  if (std::exchange(end_of_turn_scheduled_, true)) return;
  environment_.loop->AtEndOfTurn([this, alive = std::weak_ptr<bool>(alive_)] {
    if (!alive.expired()) EndTurn();
  });
}

void ConnectionGroup::EndTurn() {
  end_of_turn_scheduled_ = false;
  while (!to_flush_.empty()) {
    Connection* const connection = to_flush_.back();
    to_flush_.pop_back();
    connection->Flush();
  }
  retired_.clear();
  if (connections_.empty() && on_empty_) std::exchange(on_empty_, nullptr)();
}

void ConnectionGroup::Tick() {
  const runtime::TimePoint now = environment_.loop->clock().Now();
  // Backwards: a lost connection's place is taken by one that has had its turn.
  for (size_t i = connections_.size(); i-- > 0;) {
    if (i < connections_.size()) connections_[i]->OnTick(now);
  }
  ReportFreed();
  if (!connections_.empty() || HasFreedMuch()) timer_->Arm(kTick);
}

bool ConnectionGroup::HasFreedMuch() const {
  return on_freed_ != nullptr && budget_.freed() >= kMuchBytes;
}

void ConnectionGroup::ReportFreed() {
  const uint64_t bytes = counters_.bytes_received.value() + counters_.bytes_sent.value();
  const uint64_t moved = bytes - std::exchange(bytes_at_tick_, bytes);
  if (!HasFreedMuch()) {
    ticks_since_freed_ = 0;
    return;
  }
  // One tick at least: what is given back may be on its way to be taken again.
  if (++ticks_since_freed_ < 2) return;
  if (moved > kBusyBytes && ticks_since_freed_ < kTicksOfPatience) return;
  ticks_since_freed_ = 0;
  budget_.ForgetPeak();
  on_freed_();
}

}  // namespace http
