#pragma once

#include <deque>
#include <memory>

#include "base/ids.h"
#include "observe/log.h"
#include "runtime/loop.h"
#include "server/frontend.h"
#include "server/options.h"

namespace server {

// Has the cluster forget old revisions by itself, as --auto-compaction-mode and -retention say, in
// etcd's steps. On the frontend's loop.
//
// By time: revisions are noted ten times in the period, or in an hour if that is less; the first
// compaction comes when a whole period was seen, further ones every period, or hour. By revision:
// every five minutes, to all but the newest so many. Only the leader compacts; the others keep
// noting, so that a new leader goes on at once. What fails is tried again at the next step.
class AutoCompactor {
 public:
  // All outlive this.
  AutoCompactor(const AutoCompaction& options, base::MemberId self, Frontend* frontend,
                const observe::Logger* logger);

  void Start();

 private:
  void Step();
  // Where to compact to now; 0: nowhere.
  int64_t Target();
  int64_t PeriodicTarget();
  void Compact(int64_t revision);
  void OnReply(int64_t revision, runtime::TimePoint start, const apply::Reply& reply);
  bool IsLeader() const;
  int64_t CurrentRevision() { return frontend_.state()->store().revision().value(); }
  runtime::TimePoint Now() const { return frontend_.loop().clock().Now(); }

  const AutoCompaction options_;
  const base::MemberId self_;
  Frontend& frontend_;
  const observe::Logger& logger_;
  const runtime::Duration compact_interval_;
  const runtime::Duration step_;
  const std::unique_ptr<runtime::Timer> timer_;
  std::deque<int64_t> noted_;  // revisions of the steps of one period, oldest first
  int64_t last_revision_ = 0;  // compacted to
  runtime::TimePoint last_success_;
  bool first_period_seen_ = false;
};

}  // namespace server
