#pragma once

#include <memory>
#include <vector>

#include "base/callback.h"
#include "base/ids.h"
#include "net/rpc/server_call.h"
#include "runtime/loop.h"
#include "runtime/time.h"
#include "server/progress.h"

namespace v3 {

// Calls whose token was given out by an entry that this member has not applied yet: it cannot know
// whose it is. That is a moment for a member that keeps up; a token that somebody has made up may
// name an entry that never comes. Belongs to its loop.
class TokenWaits {
 public:
  // Both outlive this. No call waits longer than `longest`.
  TokenWaits(runtime::Loop* loop, const server::Progress* progress, runtime::Duration longest);

  // Runs `then` once the entry is applied, or has not been for too long; never within this, and not
  // if the call is over by then. What `then` keeps counts as the call's: its caller says so.
  void Wait(std::shared_ptr<rpc::ServerCall> call, base::Index entry, base::Callback<void()> then);

  // Nobody waits any more.
  void Clear() { waiting_.clear(); }

  static constexpr runtime::Duration kInterval = std::chrono::milliseconds(5);

 private:
  struct Waiting {
    std::shared_ptr<rpc::ServerCall> call;
    uint64_t entry;
    runtime::TimePoint end;
    base::Callback<void()> then;
  };

  void OnTimer();

  runtime::Loop& loop_;
  const server::Progress& progress_;
  const runtime::Duration longest_;
  std::vector<Waiting> waiting_;
  const std::unique_ptr<runtime::Timer> timer_;
};

}  // namespace v3
