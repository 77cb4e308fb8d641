#include "server/auto_compactor.h"

#include <algorithm>
#include <utility>

#include "base/errors.h"
#include "proto/raft_internal.pb.h"

namespace server {
namespace {

constexpr runtime::Duration kRevisionStep = std::chrono::minutes(5);
constexpr runtime::Duration kCompactIntervalMax = std::chrono::hours(1);
constexpr int64_t kStepsPerInterval = 10;

}  // namespace

AutoCompactor::AutoCompactor(const AutoCompaction& options, base::MemberId self, Frontend* frontend,
                             const observe::Logger* logger)
    : options_(options),
      self_(self),
      frontend_(*frontend),
      logger_(*logger),
      compact_interval_(std::min(options.period, kCompactIntervalMax)),
      step_(options.period > runtime::Duration(0) ? compact_interval_ / kStepsPerInterval
                                                  : kRevisionStep),
      timer_(frontend->loop().NewTimer([this] { Step(); })) {}

void AutoCompactor::Start() {
  last_success_ = Now();
  noted_.push_back(CurrentRevision());
  timer_->Arm(step_);
}

void AutoCompactor::Step() {
  if (const int64_t target = IsLeader() ? Target() : 0; target > 0 && target != last_revision_) {
    Compact(target);
  }
  noted_.push_back(CurrentRevision());
  const auto kept = static_cast<size_t>(options_.period / step_ + 1);
  if (noted_.size() > kept) noted_.pop_front();
  timer_->Arm(step_);
}

bool AutoCompactor::IsLeader() const {
  return frontend_.progress().leader == self_.value();
}

int64_t AutoCompactor::Target() {
  if (options_.period > runtime::Duration(0)) return PeriodicTarget();
  return std::max<int64_t>(0, CurrentRevision() - options_.revisions);
}

int64_t AutoCompactor::PeriodicTarget() {
  const runtime::Duration wait = first_period_seen_ ? compact_interval_ : options_.period;
  if (Now() - last_success_ < wait || noted_.front() == last_revision_) return 0;
  first_period_seen_ = true;
  return noted_.front();
}

void AutoCompactor::Compact(int64_t revision) {
  logger_.Info("starting auto compaction", {{"revision", revision}});
  etcdserverpb::CompactionRequest request;
  request.set_revision(revision);
  frontend_.Propose(etcdserverpb::InternalRaftRequest::kCompactionFieldNumber,
                    request.SerializeAsString(),
                    [this, revision, start = Now()](const apply::Reply& reply) {
                      OnReply(revision, start, reply);
                    });
}

void AutoCompactor::OnReply(int64_t revision, runtime::TimePoint start, const apply::Reply& reply) {
  if (reply.status == base::errors::kStopped) return;
  if (!reply.status.ok() && reply.status != base::errors::kCompacted) {
    logger_.Warn(
        "failed auto compaction",
        {{"revision", revision}, {"retry-interval", step_}, {"error", reply.status.message()}});
    return;
  }
  last_revision_ = revision;
  last_success_ = Now();
  logger_.Info("completed auto compaction", {{"revision", revision}, {"took", Now() - start}});
}

}  // namespace server
