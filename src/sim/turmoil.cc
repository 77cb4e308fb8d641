#include "sim/turmoil.h"

#include <string>
#include <utility>

#include "base/errors.h"

namespace sim {
namespace {

using std::chrono::milliseconds;

constexpr runtime::Duration kPartitionMax = milliseconds(800);
constexpr runtime::Duration kWiresCutMax = milliseconds(800);
constexpr runtime::Duration kPauseMax = milliseconds(500);
constexpr runtime::Duration kClientPauseMax = std::chrono::seconds(3);
constexpr runtime::Duration kWatchPauseMax = std::chrono::seconds(5);
constexpr runtime::Duration kStallMax = std::chrono::seconds(1);
constexpr runtime::Duration kFullMax = std::chrono::seconds(2);
// Of disks, once the turmoil is over.
constexpr runtime::Duration kCalmDisk = milliseconds(2);
// What may be left of a disk that is filled.
constexpr uint64_t kRoomMax = 16 << 10;
// Until another leads.
constexpr runtime::Duration kElectionMax = milliseconds(400);
constexpr runtime::Duration kCompareInterval = milliseconds(500);
constexpr runtime::Duration kRemovedStopInterval = milliseconds(1000);
constexpr uint64_t kDiskOperationsMax = 30;
constexpr size_t kVotersMin = 3;
// Those that wait in vain to be let in count too.
constexpr size_t kMembersMax = 8;

// Whether an operator knows from it that nothing has changed, nor will.
bool IsRefusal(const base::Status& status) {
  return status == base::errors::kUnhealthy || status == base::errors::kNotEnoughStartedMembers ||
         status.code() == base::Code::kFailedPrecondition;
}

}  // namespace

Turmoil::Turmoil(runtime::simulated::Scheduler* scheduler, runtime::simulated::Wires* wires,
                 Cluster* cluster, Workload* workload, const Plan& plan)
    : scheduler_(scheduler),
      wires_(wires),
      cluster_(cluster),
      workload_(workload),
      plan_(plan),
      loop_(scheduler->NewLoop("turmoil")),
      heal_(loop_->NewTimer([this] { cluster_->network().Heal(); })),
      resume_(loop_->NewTimer([this] {
        if (Process* process = cluster_->process(paused_)) process->SetPaused(false);
        paused_ = base::MemberId();
      })),
      end_stall_(loop_->NewTimer([this] {
        if (Process* process = cluster_->process(stalled_)) process->SetStalled(false);
        stalled_ = base::MemberId();
      })),
      make_room_(loop_->NewTimer([this] {
        cluster_->SetRoom(full_, std::nullopt);
        full_ = base::MemberId();
      })),
      join_wires_(loop_->NewTimer([this] { wires_->JoinAll(); })),
      revoke_(loop_->NewTimer([this] { workload_->RevokeLeases(); })),
      paused_(0),
      stalled_(0),
      full_(0) {
  cluster_->network().set_faults({plan.message_loss, plan.message_duplication,
                                  std::chrono::microseconds(20), plan.message_latency_max});
  wires_->SetLatency(std::chrono::microseconds(20), plan.wire_latency_max);
  workload_->DialAll(cluster_->client_addresses());
  Repeat("work: turns of writers", plan.write_interval, &Turmoil::Write);
  Repeat("work: turns of readers", plan.read_interval, &Turmoil::Read);
  Repeat("work: turns of users", plan.auth_interval, &Turmoil::ChangeRights);
  Repeat("work: changes of admission rules", plan.rule_interval, &Turmoil::ChangeRules);
  Repeat("work: turns of the v2 client", plan.tree_interval, &Turmoil::ChangeTree);
  Repeat("operators: changes of the members", plan.conf_change_interval,
         &Turmoil::ChangeConfiguration);
  Repeat("operators: transfers of leadership", plan.transfer_interval,
         &Turmoil::TransferLeadership);
  Repeat("faults: campaigns out of turn", plan.campaign_interval, &Turmoil::Campaign);
  Repeat("faults: kills", plan.kill_interval, &Turmoil::Kill);
  Repeat("faults: power failures", plan.power_failure_interval, &Turmoil::FailPower);
  Repeat("faults: failing syncs", plan.sync_failure_interval, &Turmoil::FailSync);
  Repeat("faults: partitions", plan.partition_interval, &Turmoil::Partition);
  Repeat("faults: pauses", plan.pause_interval, &Turmoil::Pause);
  Repeat("faults: disks that stand still", plan.stall_interval, &Turmoil::Stall);
  Repeat("faults: full disks", plan.full_interval, &Turmoil::FillDisk);
  Repeat("faults: damages to databases tried", plan.damage_interval, &Turmoil::DamageDatabase);
  Repeat("faults: losses of logs tried", plan.loss_interval, &Turmoil::LoseLog);
  Repeat("faults: damages to logs tried", plan.log_damage_interval, &Turmoil::DamageLog);
  Repeat("faults: connections of clients broken", plan.wire_break_interval, &Turmoil::BreakWires);
  Repeat("faults: connections of clients cut off", plan.wire_cut_interval, &Turmoil::CutWires);
  Repeat("work: clients that start anew", plan.dial_interval, &Turmoil::Dial);
  Repeat("faults: clients that stand still", plan.client_pause_interval, &Turmoil::PauseClient);
  Repeat("work: watches that nobody reads", plan.watch_pause_interval, &Turmoil::PauseWatch);
  Repeat("operators: stops", plan.stop_interval, &Turmoil::Stop);
  Repeat("checks: comparisons of logs", kCompareInterval, &Turmoil::CompareLogs);
  Repeat("operators: looks for removed members", kRemovedStopInterval, &Turmoil::StopRemoved);
}

void Turmoil::Repeat(std::string_view name, runtime::Duration mean_interval, Action action) {
  tally_.Add(name, 0);
  if (mean_interval == runtime::Duration{0}) return;
  const size_t number = timers_.size();
  timers_.push_back(loop_->NewTimer([this, name, number, mean_interval, action] {
    const bool is_load = action == &Turmoil::Write || action == &Turmoil::Read ||
                         action == &Turmoil::ChangeRights || action == &Turmoil::ChangeRules ||
                         action == &Turmoil::ChangeTree || action == &Turmoil::PauseWatch;
    if (is_load && load_ended_) return;
    if (calm_ && !is_load && action != &Turmoil::StopRemoved) return;
    tally_.Add(name);
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
  const std::vector<base::MemberId> members = cluster_->members();
  return members[scheduler_->random().Below(members.size())];
}

void Turmoil::Calm() {
  calm_ = true;
  cluster_->ReviveAll();
  cluster_->network().Heal();
  cluster_->network().set_faults(
      {0, 0, std::chrono::microseconds(20), std::chrono::microseconds(200)});
  // In a turmoil a vote may take as long as an election's timeout, and whoever cannot win come
  // first again and again: a shorter log on a faster clock.
  cluster_->SetDiskLatency(std::min<runtime::Duration>(plan_.disk_latency_max, kCalmDisk));
  for (const base::MemberId id : cluster_->members()) {
    if (Process* const process = cluster_->process(id)) process->SetPaused(false);
  }
  workload_->WakeAll();
  wires_->JoinAll();
  wires_->SetLatency(std::chrono::microseconds(20), std::chrono::microseconds(200));
  workload_->DialAll(cluster_->client_addresses());
}

void Turmoil::Write() {
  for (uint64_t left = scheduler_->random().Between(1, plan_.write_batch_max); left > 0; --left) {
    workload_->Write();
  }
}

void Turmoil::DisputeLeases() {
  revoke_->Arm(DrawInterval(kElectionMax / 2));
}

const std::string& Turmoil::RandomMemberHost() {
  return cluster_->NameOf(RandomMember());
}

void Turmoil::BreakWires() {
  wires_->Break(workload_->RandomHost(), RandomMemberHost());
}

// One client and one member; one way, one time in two: questions arrive whose answers do not, or
// answers do and nothing else can be asked.
void Turmoil::CutWires() {
  const std::string& client = workload_->RandomHost();
  const std::string& member = RandomMemberHost();
  switch (scheduler_->random().Below(4)) {
    case 0:
      wires_->Clog(client, member);
      break;
    case 1:
      wires_->Clog(member, client);
      break;
    default:
      wires_->Cut(client, member);
  }
  join_wires_->Arm(DrawInterval(kWiresCutMax / 2));
}

void Turmoil::PauseClient() {
  workload_->StandStill(DrawInterval(kClientPauseMax / 2));
}

void Turmoil::PauseWatch() {
  workload_->PauseWatch(DrawInterval(kWatchPauseMax / 2));
}

void Turmoil::ChangeConfiguration() {
  Process* const leader = cluster_->Leader();
  if (leader == nullptr) return;
  switch (scheduler_->random().Below(8)) {
    case 0:
      return PromoteLearner(*leader);
    case 1:
    case 2:
      return RemoveMember(*leader);
    case 3:
    case 4:
      return plan_.can_be_traced ? AddMember(*leader) : ReplaceMembers(*leader);
    default:
      return AddMember(*leader);
  }
}

// As an operator does it: first the change, then the process, which waits to hear from the others.
// If the change is refused there never was such a member; if that is not told, there may be.
void Turmoil::AddMember(Process& leader) {
  if (cluster_->members().size() >= kMembersMax) return;
  members::Member member = cluster_->NewMember();
  member.is_learner = !scheduler_->random().OneIn(4);
  members::Member added = member;
  added.name.clear();  // it will tell that itself
  leader.server().reconfiguration().Add(std::move(added), {},
                                        [this, id = member.id](const auto& members) {
                                          if (IsRefusal(members.status()))
                                            loop_->Post([this, id] { cluster_->Retire(id); });
                                        });
  cluster_->Join(member);
}

// Any member can be asked for that.
void Turmoil::PromoteLearner(const Process& leader) {
  const raft::MemberSet& learners = leader.node().membership().learners;
  Process* const asked = cluster_->RandomProcess();
  if (learners.empty() || asked == nullptr) return;
  asked->server().reconfiguration().Promote(*learners.begin(), {}, [](const auto&) {});
}

// With two voters, the one that stays may need the vote of one that was removed and whose log is
// longer, for ever: operators keep three.
void Turmoil::RemoveMember(Process& leader) {
  const base::MemberId victim = RandomMember();
  const raft::Membership& membership = leader.node().membership();
  if (!membership.Contains(victim)) return;
  if (membership.voters.incoming.size() <= kVotersMin && membership.voters.Contains(victim)) return;
  leader.server().reconfiguration().Remove(victim, {}, [](const auto&) {});
}

// Adds one and removes another at the same moment, through a joint configuration; sometimes none,
// which leaves one.
void Turmoil::ReplaceMembers(Process& leader) {
  runtime::Random& random = scheduler_->random();
  raft::ConfChangeV2 change;
  change.transition = static_cast<raft::ConfChangeTransition>(random.Below(3));
  std::vector<members::ChangeContext> contexts;
  const raft::Membership& membership = leader.node().membership();
  for (uint64_t left = random.Below(3); left > 0; --left) {
    if (cluster_->members().size() >= kMembersMax) break;
    const members::Member added = cluster_->NewMember();
    const base::MemberId removed = RandomMember();
    change.changes.push_back({raft::ConfChangeType::kAddNode, added.id});
    contexts.push_back({added, false});
    cluster_->Join(added);
    if (!membership.voters.incoming.Contains(removed)) continue;
    change.changes.push_back({raft::ConfChangeType::kRemoveNode, removed});
    contexts.emplace_back().member.id = removed;
  }
  if (change.changes.empty()) change.transition = raft::ConfChangeTransition::kAuto;
  if (!contexts.empty()) change.context = members::ToJson(contexts);
  leader.server().ProposeJointChange(std::move(change));
}

void Turmoil::TransferLeadership() {
  if (!MayDisturb()) return;
  if (Process* leader = cluster_->Leader()) leader->server().TransferLeadership(RandomMember());
  DisputeLeases();
}

// A leader that hands its part over tells its successor not to wait. Once it has done so in a term,
// anybody may be told that again, late and by a message that nobody remembers.
void Turmoil::Campaign() {
  Process* const leader = cluster_->Leader();
  Process* const process = cluster_->RandomProcess();
  if (leader == nullptr || process == nullptr || !MayDisturb()) return;
  DisputeLeases();
  const base::Term term = leader->node().term();
  if (leader->server().progress().handed_over != term.value()) {
    leader->server().TransferLeadership(process->id());
    return;
  }
  (void)process->server().Step({.type = raft::MessageType::kTimeoutNow,
                                .to = process->id(),
                                .from = leader->id(),
                                .term = term});
}

bool Turmoil::MayDisturb() {
  const base::Index committed = cluster_->checker().committed();
  if (plan_.demands_service && committed <= disturbed_at_) return false;
  disturbed_at_ = committed;
  return true;
}

std::optional<base::MemberId> Turmoil::DrawVictim() {
  Process* const leader = scheduler_->random().OneIn(2) ? cluster_->Leader() : nullptr;
  const base::MemberId victim = leader != nullptr ? leader->id() : RandomMember();
  if (!plan_.demands_service) return victim;
  const std::set<base::MemberId> others = {paused_, stalled_, full_};
  if (!cluster_->LeavesQuorumWithout(victim, others) || !MayDisturb()) return std::nullopt;
  return victim;
}

void Turmoil::Kill() {
  const auto victim = DrawVictim();
  if (!victim.has_value()) return;
  const Process* const process = cluster_->process(*victim);
  if (plan_.can_be_traced && (process == nullptr || !process->IsQuiet())) return;
  cluster_->Kill(*victim);
}

void Turmoil::Stop() {
  if (const auto victim = DrawVictim()) cluster_->Stop(*victim);
}

// As etcd does: a member that was removed ends soon.
void Turmoil::StopRemoved() {
  for (const base::MemberId id : cluster_->members()) {
    Process* const process = cluster_->process(id);
    if (process != nullptr && process->was_removed()) cluster_->Retire(id);
  }
}

void Turmoil::FailPower() {
  const uint64_t operations = scheduler_->random().Between(1, kDiskOperationsMax);
  if (const auto victim = DrawVictim()) cluster_->FailPowerAfter(*victim, operations);
}

void Turmoil::FailSync() {
  const uint64_t operations = scheduler_->random().Between(1, kDiskOperationsMax);
  if (const auto victim = DrawVictim()) cluster_->FailSyncAfter(*victim, operations);
}

void Turmoil::Partition() {
  runtime::Random& random = scheduler_->random();
  cluster_->network().Heal();
  // Each direction on its own, one time in four: a member that can send may not hear.
  const bool one_way = random.OneIn(4);
  const std::vector<base::MemberId> members = cluster_->members();
  const uint64_t side = random.Below(uint64_t{1} << members.size());
  for (size_t a = 0; a < members.size(); ++a) {
    for (size_t b = 0; b < members.size(); ++b) {
      const bool a_inside = ((side >> a) & 1) != 0;
      const bool b_inside = ((side >> b) & 1) != 0;
      if (a_inside == b_inside || (one_way && a_inside)) continue;
      cluster_->network().Cut(members[a], members[b]);
    }
  }
  heal_->Arm(DrawInterval(kPartitionMax / 2));
  DisputeLeases();
}

void Turmoil::Pause() {
  if (Process* process = cluster_->process(paused_)) process->SetPaused(false);
  paused_ = DrawVictim().value_or(base::MemberId());
  if (Process* process = cluster_->process(paused_)) process->SetPaused(true);
  resume_->Arm(DrawInterval(kPauseMax / 2));
  DisputeLeases();
}

void Turmoil::Stall() {
  if (Process* process = cluster_->process(stalled_)) process->SetStalled(false);
  stalled_ = DrawVictim().value_or(base::MemberId());
  if (Process* process = cluster_->process(stalled_)) process->SetStalled(true);
  end_stall_->Arm(DrawInterval(kStallMax / 2));
  DisputeLeases();
}

void Turmoil::FillDisk() {
  cluster_->SetRoom(full_, std::nullopt);
  full_ = DrawVictim().value_or(base::MemberId());
  cluster_->SetRoom(full_, scheduler_->random().Below(kRoomMax));
  make_room_->Arm(DrawInterval(kFullMax / 2));
  DisputeLeases();
}

void Turmoil::DamageDatabase() {
  if (const auto victim = DrawVictim()) cluster_->DamageDatabase(*victim);
}

void Turmoil::DamageLog() {
  if (const auto victim = DrawVictim()) cluster_->DamageLog(*victim);
}

void Turmoil::LoseLog() {
  if (const auto victim = DrawVictim()) cluster_->LoseLog(*victim);
}

}  // namespace sim
