#include "server/leader_transfer.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/coverage_mark.h"
#include "base/errors.h"
#include "state/members/member.h"

namespace server {

LeaderTransfer::LeaderTransfer(const Environment& environment, const Parts& parts)
    : environment_(environment),
      parts_(parts),
      timer_(environment.apply_loop->NewTimer([this] { OnDeadline(); })) {}

void LeaderTransfer::Move(base::MemberId target, runtime::TimePoint deadline, OnMoved on_moved) {
  const uint64_t leader = parts_.progress->leader;
  if (leader != parts_.self.value()) return on_moved(base::errors::kNotLeader);
  const members::Member* const member = parts_.apply_loop->members().Find(target);
  if (member == nullptr || member->is_learner) return on_moved(base::errors::kBadLeaderTransferee);
  if (target == parts_.self) return on_moved({});
  Begin(target, deadline, std::move(on_moved));
}

void LeaderTransfer::Begin(base::MemberId target, runtime::TimePoint deadline, OnMoved on_moved) {
  const base::MemberId leader(parts_.progress->leader);
  environment_.logger->Info("leadership transfer starting",
                            {{"local-member-id", members::HexText(parts_.self.value())},
                             {"current-leader-member-id", members::HexText(leader.value())},
                             {"transferee-member-id", members::HexText(target.value())}});
  waiting_.push_back({leader, target, deadline, std::move(on_moved)});
  ArmTimer();
  parts_.replica->TransferLeadership(target);
}

void LeaderTransfer::MoveAway(runtime::TimePoint deadline, OnMoved on_moved) {
  std::optional<std::pair<runtime::TimePoint, base::MemberId>> longest;
  for (const auto& [id, member] : parts_.apply_loop->members().members()) {
    if (member.is_learner || id == parts_.self || environment_.transport == nullptr) continue;
    const std::optional<runtime::TimePoint> since = environment_.transport->ActiveSince(id);
    if (!since.has_value() || (longest.has_value() && longest->first <= *since)) continue;
    longest = {*since, id};
  }
  if (!longest.has_value()) return on_moved(base::errors::kUnhealthy);
  Move(longest->second, deadline, std::move(on_moved));
}

void LeaderTransfer::MoveHere(runtime::TimePoint deadline, OnMoved on_moved) {
  Begin(parts_.self, deadline, std::move(on_moved));
}

void LeaderTransfer::OnLeader(base::MemberId leader) {
  std::vector<Waiting> moved;
  for (Waiting& waiting : std::exchange(waiting_, {})) {
    (waiting.target == leader ? moved : waiting_).push_back(std::move(waiting));
  }
  ArmTimer();
  for (Waiting& waiting : moved) {
    environment_.logger->Info("leadership transfer finished",
                              {{"local-member-id", members::HexText(parts_.self.value())},
                               {"old-leader-member-id", members::HexText(waiting.from.value())},
                               {"new-leader-member-id", members::HexText(leader.value())}});
    waiting.on_moved({});
  }
}

void LeaderTransfer::OnDeadline() {
  const runtime::TimePoint now = environment_.apply_loop->clock().Now();
  std::vector<Waiting> late;
  for (Waiting& waiting : std::exchange(waiting_, {})) {
    (waiting.deadline <= now ? late : waiting_).push_back(std::move(waiting));
  }
  ArmTimer();
  if (!late.empty()) base::Mark<"server: a transfer of leadership is not seen in time">();
  for (Waiting& waiting : late) waiting.on_moved(base::errors::kLeaderTransferTimeout);
}

void LeaderTransfer::ArmTimer() {
  timer_->Disarm();
  if (waiting_.empty()) return;
  const auto first =
      std::min_element(waiting_.begin(), waiting_.end(),
                       [](const Waiting& a, const Waiting& b) { return a.deadline < b.deadline; });
  const runtime::TimePoint now = environment_.apply_loop->clock().Now();
  timer_->Arm(std::max(first->deadline - now, runtime::Duration(0)));
}

}  // namespace server
