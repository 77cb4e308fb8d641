#include "sim/turmoil.h"

#include <string>
#include <utility>

#include "raft/confchange.h"

namespace sim {
namespace {

using std::chrono::milliseconds;

constexpr runtime::Duration kPartitionMax = milliseconds(800);
constexpr runtime::Duration kPauseMax = milliseconds(500);
constexpr runtime::Duration kCompareInterval = milliseconds(500);
constexpr runtime::Duration kRemovedStopInterval = milliseconds(1000);
constexpr uint64_t kDiskOperationsMax = 30;
constexpr size_t kPayloadBytesMax = 40;
constexpr size_t kVotersMin = 3;

}  // namespace

Turmoil::Turmoil(runtime::simulated::Scheduler* scheduler, Cluster* cluster, const Plan& plan)
    : scheduler_(scheduler),
      cluster_(cluster),
      plan_(plan),
      loop_(scheduler->NewLoop("turmoil")),
      heal_(loop_->NewTimer([this] { cluster_->network().Heal(); })),
      resume_(loop_->NewTimer([this] {
        if (Replica* replica = cluster_->replica(paused_)) replica->SetPaused(false);
      })),
      paused_(1) {
  cluster_->network().set_faults({plan.message_loss, plan.message_duplication,
                                  std::chrono::microseconds(20), plan.message_latency_max});
  Repeat(plan.proposal_interval, &Turmoil::Propose);
  Repeat(plan.read_interval, &Turmoil::Read);
  Repeat(plan.conf_change_interval, &Turmoil::ChangeConfiguration);
  Repeat(plan.transfer_interval, &Turmoil::TransferLeadership);
  Repeat(plan.campaign_interval, &Turmoil::Campaign);
  Repeat(plan.kill_interval, &Turmoil::Kill);
  Repeat(plan.power_failure_interval, &Turmoil::FailPower);
  Repeat(plan.sync_failure_interval, &Turmoil::FailSync);
  Repeat(plan.partition_interval, &Turmoil::Partition);
  Repeat(plan.pause_interval, &Turmoil::Pause);
  Repeat(kCompareInterval, &Turmoil::CompareLogs);
  Repeat(kRemovedStopInterval, &Turmoil::StopRemovedLeader);
}

void Turmoil::Repeat(runtime::Duration mean_interval, Action action) {
  if (mean_interval == runtime::Duration{0}) return;
  const size_t number = timers_.size();
  timers_.push_back(loop_->NewTimer([this, number, mean_interval, action] {
    const bool goes_on = action == &Turmoil::Propose || action == &Turmoil::Read ||
                         action == &Turmoil::StopRemovedLeader;
    if (calm_ && !goes_on) return;
    (this->*action)();
    timers_[number]->Arm(DrawInterval(mean_interval));
  }));
  timers_[number]->Arm(DrawInterval(mean_interval));
}

runtime::Duration Turmoil::DrawInterval(runtime::Duration mean) {
  return runtime::Duration(static_cast<runtime::Duration::rep>(
      scheduler_->random().Below(2 * static_cast<uint64_t>(mean.count()))));
}

base::MemberId Turmoil::RandomMember() {
  return base::MemberId(1 + scheduler_->random().Below(Cluster::kMembers));
}

void Turmoil::Calm() {
  calm_ = true;
  cluster_->ReviveAll();
  cluster_->network().Heal();
  cluster_->network().set_faults(
      {0, 0, std::chrono::microseconds(20), std::chrono::microseconds(200)});
  for (const base::MemberId id : cluster_->members()) {
    Replica* const replica = cluster_->replica(id);
    if (replica == nullptr) continue;
    replica->SetPaused(false);
    // Where one member's clock runs several times as fast as the others', and its log is behind,
    // it may campaign in vain for ever: without pre-vote raft promises nothing else.
    replica->SetTickInterval(plan_.tick_interval_max);
  }
}

void Turmoil::Propose() {
  Replica* replica = scheduler_->random().OneIn(2) ? cluster_->Leader() : nullptr;
  if (replica == nullptr) replica = cluster_->RandomReplica();
  if (replica == nullptr) return;
  std::vector<base::SharedBytes> payloads(
      scheduler_->random().Between(1, plan_.proposal_batch_max));
  for (base::SharedBytes& payload : payloads) {
    std::string text = std::to_string(++next_payload_);
    text.append(scheduler_->random().Below(kPayloadBytesMax), 'x');
    payload = base::SharedBytes(text);
  }
  replica->Propose(std::move(payloads));
}

void Turmoil::Read() {
  if (Replica* replica = cluster_->RandomReplica()) replica->Read();
}

void Turmoil::ChangeConfiguration() {
  Replica* const leader = cluster_->Leader();
  if (leader == nullptr) return;
  runtime::Random& random = scheduler_->random();
  raft::ConfChangeV2 change;
  change.transition = static_cast<raft::ConfChangeTransition>(random.Below(3));
  // Sometimes empty: that leaves a joint configuration.
  for (uint64_t left = random.Below(4); left > 0; --left) {
    const auto type = random.OneIn(2)   ? raft::ConfChangeType::kAddNode
                      : random.OneIn(2) ? raft::ConfChangeType::kRemoveNode
                                        : raft::ConfChangeType::kAddLearnerNode;
    change.changes.push_back({type, RandomMember()});
  }
  // With two voters, the one that stays may need the vote of one that was removed and whose log
  // is longer, for ever: operators keep three.
  const auto next = raft::Change(leader->node().membership(), change);
  if (next.ok() && next->voters.incoming.size() < kVotersMin) return;
  leader->ProposeConfChange(change);
}

void Turmoil::TransferLeadership() {
  if (Replica* leader = cluster_->Leader()) leader->TransferLeadership(RandomMember());
}

void Turmoil::Campaign() {
  Replica* const replica = cluster_->RandomReplica();
  if (replica == nullptr) return;
  if (scheduler_->random().OneIn(2)) {
    replica->ForgetLeader();
  } else {
    replica->Campaign();
  }
}

base::MemberId Turmoil::RandomVictim() {
  Replica* const leader = scheduler_->random().OneIn(2) ? cluster_->Leader() : nullptr;
  return leader != nullptr ? leader->node().id() : RandomMember();
}

void Turmoil::Kill() {
  cluster_->Kill(RandomVictim());
}

void Turmoil::StopRemovedLeader() {
  // As etcd does: a leader that was removed takes no proposals, and its process ends soon.
  Replica* const leader = cluster_->Leader();
  if (leader == nullptr) return;
  const raft::Node& node = leader->node();
  if (!node.membership().voters.Contains(node.id())) cluster_->Kill(node.id());
}

void Turmoil::FailPower() {
  cluster_->FailPowerAfter(RandomVictim(), scheduler_->random().Between(1, kDiskOperationsMax));
}

void Turmoil::FailSync() {
  cluster_->FailSyncAfter(RandomVictim(), scheduler_->random().Between(1, kDiskOperationsMax));
}

void Turmoil::Partition() {
  runtime::Random& random = scheduler_->random();
  cluster_->network().Heal();
  // Each direction on its own, one time in four: a member that can send may not hear.
  const bool one_way = random.OneIn(4);
  const uint64_t side = random.Below(uint64_t{1} << Cluster::kMembers);
  for (const base::MemberId a : cluster_->members()) {
    for (const base::MemberId b : cluster_->members()) {
      const bool a_inside = ((side >> (a.value() - 1)) & 1) != 0;
      const bool b_inside = ((side >> (b.value() - 1)) & 1) != 0;
      if (a_inside == b_inside || (one_way && a_inside)) continue;
      cluster_->network().Cut(a, b);
    }
  }
  heal_->Arm(DrawInterval(kPartitionMax / 2));
}

void Turmoil::Pause() {
  if (Replica* replica = cluster_->replica(paused_)) replica->SetPaused(false);
  paused_ = RandomVictim();
  if (Replica* replica = cluster_->replica(paused_)) replica->SetPaused(true);
  resume_->Arm(DrawInterval(kPauseMax / 2));
}

}  // namespace sim
