#include "server/log_stall.h"

#include "base/coverage_mark.h"
#include "state/members/member.h"

namespace server {
namespace {

// The voter besides the leader that has most of the leader's log and was heard from of late.
std::optional<base::MemberId> NextLeader(const raft::Leader& leader, base::MemberId self) {
  std::optional<base::MemberId> best;
  base::Index most;
  for (const auto& [id, progress] : leader.progress) {
    if (id == self || progress.learner() || !progress.recent_active()) continue;
    if (best.has_value() && progress.match() <= most) continue;
    best = id;
    most = progress.match();
  }
  return best;
}

}  // namespace

LogStall::LogStall(const Options& options, const observe::Logger* logger, Progress* progress)
    : hands_over_(options.disk_stall_handover),
      election_ticks_(static_cast<uint32_t>(options.election_timeout / options.heartbeat_interval)),
      logger_(*logger),
      progress_(*progress) {}

void LogStall::Tick(std::optional<uint64_t> write, raft::Node* node) {
  ticks_ = write.has_value() && write == write_ ? ticks_ + 1 : 0;
  write_ = write;
  const uint32_t limit = election_ticks_ * 3 / 4;
  const bool stalls = ticks_ >= limit;
  if (stalls != progress_.log_stalls) {
    if (stalls) {
      base::Mark<"server: the disk of the log stands still">();
      logger_.Warn("the disk of the write-ahead log stands still");
    } else {
      logger_.Info("the disk of the write-ahead log goes on");
    }
    progress_.log_stalls = stalls;
  }
  if (rest_ > 0) --rest_;
  if (stalls && MayHandOver(*node)) HandOver(node);
}

bool LogStall::MayHandOver(const raft::Node& node) const {
  return hands_over_ && (rest_ == 0 || node.term() == handed_over_);
}

void LogStall::HandOver(raft::Node* node) {
  const raft::Leader* const leader = node->AsLeader();
  // One that is under way has an election timeout.
  if (leader == nullptr || leader->transferee != base::MemberId()) return;
  // Nobody at this tick, if the leader has just begun to ask who is there.
  const std::optional<base::MemberId> next = NextLeader(*leader, node->id());
  if (!next.has_value()) return;
  logger_.Warn("leadership transfer starting, since the disk stands still",
               {{"local-member-id", members::HexText(node->id().value())},
                {"transferee-member-id", members::HexText(next->value())}});
  node->TransferLeadership(*next);
  base::Mark<"server: a leader whose disk stands still hands over">();
  handed_over_ = node->term();
  rest_ = uint64_t{kRest} * election_ticks_;
}

}  // namespace server
