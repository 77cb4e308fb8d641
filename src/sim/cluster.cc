#include "sim/cluster.h"

#include <optional>
#include <utility>

#include "base/check.h"

namespace sim {
namespace {

using runtime::simulated::CrashMode;
using runtime::simulated::Disk;

}  // namespace

struct Cluster::Member {
  explicit Member(uint64_t disk_seed) : disk(disk_seed) {}

  Replica::Options options;
  Disk disk;
  std::unique_ptr<Replica> replica;
  std::unique_ptr<runtime::Timer> revival;
  bool power_off = false;
  bool dying = false;
};

Cluster::Cluster(runtime::simulated::Scheduler* scheduler, const Plan& plan)
    : scheduler_(scheduler),
      plan_(plan),
      network_(scheduler, &checker_.trace()),
      loop_(scheduler->NewLoop("cluster")) {
  runtime::Random& random = scheduler->random();
  raft::ConfState everyone;
  for (const base::MemberId id : members()) everyone.voters.push_back(id);
  for (const base::MemberId id : members()) {
    auto member = std::make_unique<Member>(random.Next());
    member->options.config = plan.config;
    member->options.config.id = id;
    member->options.config.seed = random.Next();
    member->options.config.conf_state = everyone;
    member->options.tick_interval = runtime::Duration(static_cast<runtime::Duration::rep>(
        random.Between(static_cast<uint64_t>(plan.tick_interval_min.count()),
                       static_cast<uint64_t>(plan.tick_interval_max.count()))));
    member->options.disk_latency_max = plan.disk_latency_max;
    member->options.snapshot_entries = plan.snapshot_entries;
    member->options.log_entries_max = plan.log_entries_max;
    member->revival = loop_->NewTimer([this, raw = member.get()] { Start(*raw); });
    Start(*member);
    members_.emplace(id, std::move(member));
  }
}

Cluster::~Cluster() = default;

std::vector<base::MemberId> Cluster::members() const {
  std::vector<base::MemberId> ids;
  for (uint64_t id = 1; id <= kMembers; ++id) ids.emplace_back(id);
  return ids;
}

Replica* Cluster::replica(base::MemberId id) const {
  const Member& member = *members_.at(id);
  return member.dying ? nullptr : member.replica.get();
}

Replica* Cluster::RandomReplica() const {
  return replica(base::MemberId(1 + scheduler_->random().Below(kMembers)));
}

Replica* Cluster::Leader() const {
  Replica* leader = nullptr;
  for (const base::MemberId id : members()) {
    Replica* const candidate = replica(id);
    if (candidate == nullptr || candidate->node().role() != raft::Role::kLeader) continue;
    if (leader == nullptr || candidate->node().term() > leader->node().term()) leader = candidate;
  }
  return leader;
}

std::optional<base::Index> Cluster::CatchingUp() const {
  const Replica* const leader = Leader();
  if (leader == nullptr) return std::nullopt;
  const raft::Node& node = leader->node();
  const base::Index replicated =
      raft::CommittedIndex(node.membership().voters, raft::Matches(node.AsLeader()->progress));
  if (node.log().TermAt(replicated) == node.term()) return std::nullopt;
  return replicated;
}

void Cluster::Start(Member& member) {
  if (member.replica != nullptr) return;
  if (member.power_off) {
    member.disk.Restart(plan_.keeps_some_unsynced ? CrashMode::kKeepSome
                                                  : CrashMode::kDropUnsynced);
    member.power_off = false;
  }
  const Replica::Cluster shared{scheduler_, &network_, &checker_};
  auto started =
      Replica::Start(shared, &member.disk, member.options, [this, &member] { OnDeath(member); });
  if (started.ok()) {
    member.replica = *std::move(started);
    return;
  }
  // The disk may fail again while the log is being repaired; anything else is a lost promise.
  if (started.status().code() != base::Code::kUnavailable) checker_.Fail(started.status());
  member.power_off = true;
  member.revival->Arm(DrawDowntime());
}

runtime::Duration Cluster::DrawDowntime() {
  return runtime::Duration(static_cast<runtime::Duration::rep>(
      scheduler_->random().Below(static_cast<uint64_t>(plan_.downtime_max.count()))));
}

void Cluster::OnDeath(Member& member) {
  // The process is on the stack; it goes when it has returned.
  member.dying = true;
  member.power_off = true;
  loop_->Post([this, &member] { Bury(member); });
}

void Cluster::Bury(Member& member) {
  if (member.replica == nullptr) return;
  ++crashes_;
  reads_of_the_dead_ += member.replica->reads_answered();
  member.replica.reset();
  member.dying = false;
  member.revival->Arm(DrawDowntime());
}

void Cluster::Kill(base::MemberId id) {
  Bury(*members_.at(id));
}

void Cluster::FailPowerAfter(base::MemberId id, uint64_t operations) {
  members_.at(id)->disk.FailPowerAfter(operations);
}

void Cluster::FailSyncAfter(base::MemberId id, uint64_t operations) {
  members_.at(id)->disk.FailSyncAfter(operations);
}

void Cluster::ReviveAll() {
  for (auto& [id, member] : members_) {
    member->disk.FailPowerAfter(0);
    member->disk.FailSyncAfter(0);
    if (member->replica != nullptr && !member->dying) continue;
    Bury(*member);
    Start(*member);
  }
}

void Cluster::CompareLogs() {
  for (const base::MemberId a : members()) {
    for (const base::MemberId b : members()) {
      if (a >= b || replica(a) == nullptr || replica(b) == nullptr) continue;
      checker_.CompareLogs(replica(a)->node(), replica(b)->node());
    }
  }
}

uint64_t Cluster::reads_answered() const {
  uint64_t answered = reads_of_the_dead_;
  for (const auto& [id, member] : members_) {
    if (member->replica != nullptr) answered += member->replica->reads_answered();
  }
  return answered;
}

bool Cluster::AgreesOnConfiguration() const {
  std::optional<raft::ConfState> agreed;
  for (const base::MemberId id : members()) {
    if (replica(id) == nullptr) continue;
    raft::ConfState own = replica(id)->node().membership().ToConfState();
    if (agreed.has_value() && own != *agreed) return false;
    agreed = std::move(own);
  }
  return true;
}

}  // namespace sim
