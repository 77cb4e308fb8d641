#pragma once

#include <etcd/lease.h>

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/callback.h"
#include "client/resumed_stream.h"
#include "client/session.h"
#include "runtime/loop.h"
#include "runtime/time.h"

namespace client {

// Keeps the leases of one client alive, over one stream:
//
//   due --> asked for --> rests for a third of its time --> due
//    ^_ the stream breaks _|
//
// A lease is asked for once however many users want it alive, and never again before it is
// answered or the stream is another. When nothing has come for a third of a lease's time since it
// was asked for, the stream is given up for another member's. A lease is lost when a member says
// so, or when its time has gone by since it was asked for what was answered last. The stream is
// open while there are leases. One loop; the session outlives it.
class LeaseRenewer final : private ResumedStream::Owner {
 public:
  explicit LeaseRenewer(Session* session);
  // Ends all with kCanceled.
  ~LeaseRenewer();
  LeaseRenewer(const LeaseRenewer&) = delete;
  LeaseRenewer& operator=(const LeaseRenewer&) = delete;

  struct Options {
    // Not above 0: it ends at once.
    runtime::Duration timeout = Session::kNoTimeout;
    // Ends when the member knows no leader, in place of waiting for another.
    bool require_leader = false;
    bool canceled = false;  // before it has begun: ends at once
  };
  // Receives each answer; false ends it with kCanceled.
  using Sink = base::Callback<bool(const etcd::LeaseKeepAliveResponse& response)>;
  using Done = base::Callback<void(const Session::Ending& ending)>;
  // The wish of one user.
  class KeepAlive;
  using Handle = std::weak_ptr<KeepAlive>;

  // `done` runs once, maybe before this returns; kNotFound if the lease is lost.
  Handle Start(int64_t id, const Options& options, Sink sink, Done done);
  // Ends one with kCanceled, unless it has ended. Not inside its sink.
  void Cancel(const Handle& handle);

 private:
  enum class State : uint8_t { kDue, kAsked, kRests };
  struct Lease {
    std::vector<std::shared_ptr<KeepAlive>> wanted_by;  // not empty
    State state = State::kDue;
    runtime::TimePoint asked_at;
    runtime::TimePoint lost_at;
    runtime::TimePoint acts_at;  // as on the agenda
    runtime::Duration third{};   // of its time
  };

  // ResumedStream::Owner
  void OnOpened() override;
  void OnMessage(base::ByteView bytes) override;
  void OnBroken() override;
  runtime::Duration WaitAfter(const base::Status& status, size_t attempts) override;

  runtime::TimePoint Now() const { return session_.loop().clock().Now(); }
  runtime::Duration FirstTime() const;
  void Plan(int64_t id, Lease* lease, runtime::TimePoint at);
  void ArmTimer();
  void OnTimer();
  void Act(int64_t id, Lease* lease);
  void Ask(int64_t id, Lease* lease);
  void Tell(const etcd::LeaseKeepAliveResponse& response);
  void Remove(int64_t id);
  void EndLease(int64_t id, const Session::Ending& ending);
  void End(const std::shared_ptr<KeepAlive>& keep_alive, const Session::Ending& ending);
  std::string WhyNotAnswered() const;

  Session& session_;
  ResumedStream stream_;
  std::unordered_map<int64_t, Lease> leases_;
  // When each of them is to be looked at next.
  std::set<std::pair<runtime::TimePoint, int64_t>> agenda_;
  runtime::TimePoint heard_at_;  // of any lease
  std::string failure_;          // of the stream, since then
  const std::unique_ptr<runtime::Timer> timer_;
};

}  // namespace client
