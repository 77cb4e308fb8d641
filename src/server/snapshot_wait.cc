#include "server/snapshot_wait.h"

#include "base/coverage_mark.h"
#include "state/members/member.h"

namespace server {
namespace {

constexpr runtime::Duration kBetweenLines = std::chrono::seconds(30);

}  // namespace

void SnapshotWait::Look(const raft::Node& node) {
  if (node.awaits_snapshot() != progress_.awaits_snapshot) {
    progress_.awaits_snapshot = node.awaits_snapshot();
    if (!node.awaits_snapshot()) {
      base::Mark<"server: a database has been filled again">();
      told_.reset();
      logger_.Info("a snapshot has come; the database is filled from it",
                   {{"committed-index", node.log().committed().value()}});
    }
  }
  if (!node.awaits_snapshot()) return;
  const runtime::TimePoint now = loop_.clock().Now();
  if (told_.has_value() && now - *told_ < kBetweenLines) return;
  told_ = now;
  const bool is_led = node.leader() != base::MemberId();
  logger_.Warn(is_led ? "the database is lost; waiting for a snapshot of the leader"
                      : "the database is lost; waiting for a leader, whose snapshot fills it again",
               {{"leader-id", members::HexText(node.leader().value())},
                {"last-index", node.log().LastIndex().value()}});
}

}  // namespace server
