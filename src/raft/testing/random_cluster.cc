#include "raft/testing/random_cluster.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "raft/codec.h"
#include "raft/confchange.h"
#include "raft/testing/transcript.h"

namespace raft::testing {
namespace {

// Members 1 to 3 vote at the start; the others may be taken in.
constexpr uint64_t kMembers = 5;
constexpr uint64_t kFirstVoters = 3;
constexpr size_t kNetworkMax = 200;

std::vector<MemberId> FirstVoters() {
  std::vector<MemberId> voters;
  for (uint64_t id = 1; id <= kFirstVoters; ++id) voters.emplace_back(id);
  return voters;
}

}  // namespace

RandomCluster::RandomCluster(uint64_t seed)
    : generator_(seed),
      pre_vote_(Chance(50)),
      check_quorum_(Chance(50)),
      members_(kMembers),
      side_(kMembers) {
  for (uint64_t id = 1; id <= kMembers; ++id) {
    Member& member = At(MemberId(id));
    // Those outside know the first configuration too, as members that are added do in practice.
    member.conf_state.voters = FirstVoters();
    StartNode(MemberId(id));
  }
}

void RandomCluster::StartNode(MemberId id) {
  Member& member = At(id);
  const SnapshotPtr snapshot = member.log.LatestSnapshot();
  member.conf_state = {.voters = FirstVoters()};
  member.applied = Index(0);
  if (snapshot != nullptr) {
    member.conf_state = snapshot->conf_state;
    member.applied = snapshot->index;
  }
  Config config;
  config.id = id;
  config.election_ticks = 5;
  config.heartbeat_ticks = 1;
  config.seed = generator_();
  config.hard_state = member.saved;
  config.conf_state = member.conf_state;
  config.applied = member.applied;
  config.log = &member.log;
  config.message_bytes_max = 40;
  config.applying_bytes_max = 60;
  config.inflight_messages_max = 4;
  config.inflight_bytes_max = 80;
  config.uncommitted_bytes_max = 100;
  config.pre_vote = pre_vote_;
  config.check_quorum = check_quorum_;
  member.node = std::make_unique<Node>(std::move(config));
  member.summary = NodeSummary::Of(*member.node);
  invariants_.Restart(id);
  invariants_.RestartApplied(id, member.applied);
}

base::Status RandomCluster::Crash(MemberId id) {
  ++crashes_;
  Member& member = At(id);
  member.writes.clear();
  std::erase_if(reads_, [&](const auto& read) { return read.second.node == id; });
  StartNode(id);
  return CheckRestart(member.saved, member.summary);
}

base::Status RandomCluster::Run(int steps) {
  for (int step = 0; step < steps; ++step) RETURN_IF_ERROR(RandomStep());
  return {};
}

base::Status RandomCluster::RandomStep() {
  const MemberId id = AnyMember();
  RETURN_IF_ERROR(Input(id));
  RETURN_IF_ERROR(Check(id));
  for (uint64_t member = 1; member <= kMembers; ++member) {
    if (Chance(60)) RETURN_IF_ERROR(TakeOutput(MemberId(member)));
    if (Chance(50)) FinishWrite(MemberId(member));
    RETURN_IF_ERROR(Check(MemberId(member)));
  }
  for (int message = 0; message < 3; ++message) DeliverOne();
  for (uint64_t member = 1; member <= kMembers; ++member) {
    RETURN_IF_ERROR(Check(MemberId(member)));
  }
  const MemberId other = AnyMember();
  return ClusterInvariants::CheckLogMatching(*At(id).node, *At(other).node);
}

base::Status RandomCluster::Input(MemberId id) {
  Node& node = *At(id).node;
  const uint64_t dice = Below(generator_, 1000);
  if (dice < 500) {
    node.Tick();
  } else if (dice < 750) {
    const std::string payload = std::to_string(next_payload_++);
    node.Propose(base::SharedBytes(payload)).IgnoreError();
  } else if (dice < 850) {
    AskForRead(id);
  } else if (dice < 880) {
    ProposeChange(id);
  } else if (dice < 900) {
    node.TransferLeadership(AnyMember());
  } else if (dice < 905) {
    node.ForgetLeader();
  } else if (dice < 920) {
    node.ReportUnreachable(AnyMember());
  } else if (dice < 935) {
    node.ReportSnapshot(AnyMember(), Chance(50));
  } else if (dice < 960) {
    Compact(id);
  } else if (dice < 970) {
    Partition();
  } else if (dice < 985) {
    node.Campaign();
  } else if (faults_) {
    return Crash(id);
  }
  return {};
}

void RandomCluster::AskForRead(MemberId id) {
  Index floor;
  for (const Member& member : members_) floor = std::max(floor, member.node->log().committed());
  const uint64_t key = next_payload_++;
  reads_[key] = {id, floor};
  At(id).node->ReadIndex(base::SharedBytes(std::to_string(key)));
}

void RandomCluster::ProposeChange(MemberId id) {
  ConfChangeV2 change;
  change.transition = static_cast<ConfChangeTransition>(Below(generator_, 3));
  for (uint64_t count = Below(generator_, 5); count > 0; --count) {
    // Mostly additions, so that the cluster does not shrink to one.
    const auto type = Chance(40)   ? ConfChangeType::kAddNode
                      : Chance(60) ? ConfChangeType::kAddLearnerNode
                                   : ConfChangeType::kRemoveNode;
    change.changes.push_back({type, AnyMember()});
  }
  At(id).node->ProposeConfChange(change).IgnoreError();
}

void RandomCluster::Compact(MemberId id) {
  Member& member = At(id);
  const Index index = member.applied;
  if (index < member.log.FirstIndex() || index > member.log.LastIndex()) return;
  member.log.SetSnapshot(std::make_shared<Snapshot>(Snapshot{
      .conf_state = member.conf_state, .index = index, .term = member.log.TermAt(index).value()}));
  if (Chance(70)) member.log.Compact(index);
}

void RandomCluster::Partition() {
  const bool whole = !faults_ || Chance(50);
  for (int& side : side_) side = whole ? 0 : static_cast<int>(Below(generator_, 2));
}

void RandomCluster::DeliverOne() {
  if (network_.empty()) return;
  // Any message may be next; an overfull network loses what it likes.
  std::swap(network_[Below(generator_, faults_ ? network_.size() : 1)], network_.front());
  Message message = std::move(network_.front());
  network_.erase(network_.begin());
  if (faults_) {
    if (Chance(5) || network_.size() > kNetworkMax) return;
    if (Chance(5)) network_.push_back(message);
  }
  const uint64_t to = message.to.value();
  const uint64_t from = message.from.value();
  if (to == 0 || to > kMembers || side_[to - 1] != side_[from - 1]) return;
  members_[to - 1].node->Step(std::move(message)).IgnoreError();
}

base::Status RandomCluster::TakeOutput(MemberId id) {
  Member& member = At(id);
  if (!member.node->HasOutput()) return {};
  Output output = member.node->TakeOutput();
  for (Message& message : output.messages) network_.push_back(std::move(message));
  output.messages.clear();
  RETURN_IF_ERROR(CheckReads(id, output.reads));
  const std::vector<Entry> committed = std::exchange(output.committed, {});
  if (output.NeedsWrite()) member.writes.push_back(std::move(output));
  return Apply(id, committed);
}

void RandomCluster::FinishWrite(MemberId id) {
  Member& member = At(id);
  if (member.writes.empty()) return;
  const Output output = std::move(member.writes.front());
  member.writes.pop_front();
  if (output.hard_state.has_value()) member.saved = *output.hard_state;
  if (output.snapshot != nullptr) {
    ++snapshots_;
    member.log.Install(output.snapshot);
    member.conf_state = output.snapshot->conf_state;
    member.applied = output.snapshot->index;
    invariants_.RestartApplied(id, member.applied);
  }
  member.log.Append(output.entries);
  for (const Message& message : output.messages_after_persist) network_.push_back(message);
  member.node->OnPersisted(output.persisted);
}

base::Status RandomCluster::Apply(MemberId id, const std::vector<Entry>& entries) {
  if (entries.empty()) return {};
  Member& member = At(id);
  RETURN_IF_ERROR(invariants_.Check(*member.node));
  RETURN_IF_ERROR(invariants_.CheckApplied(id, entries));
  for (const Entry& entry : entries) {
    if (entry.type == EntryType::kNormal) continue;
    const ConfChangeV2 change = ConfChangeOf(entry).value();
    // An application refuses what cannot be made, as all of its replicas do alike.
    if (!Change(member.node->membership(), change).ok()) continue;
    member.conf_state = member.node->ApplyConfChange(change).value();
  }
  member.applied = entries.back().index;
  member.node->OnApplied(member.applied);
  return {};
}

base::Status RandomCluster::CheckReads(MemberId id, const std::vector<ReadState>& reads) {
  for (const ReadState& read : reads) {
    const auto asked = reads_.find(ToNumber(read.context.view()));
    if (asked == reads_.end() || asked->second.node != id) continue;
    if (read.index < asked->second.floor) {
      return base::Status(base::Code::kInternal, "a read at " + ToString(read.index) +
                                                     " misses what was committed at " +
                                                     ToString(asked->second.floor));
    }
    ++confirmed_reads_;
    reads_.erase(asked);
  }
  return {};
}

base::Status RandomCluster::Check(MemberId id) {
  Member& member = At(id);
  const NodeSummary now = NodeSummary::Of(*member.node);
  RETURN_IF_ERROR(CheckTransition(member.summary, now));
  member.summary = now;
  RETURN_IF_ERROR(CheckState(*member.node));
  return invariants_.Check(*member.node);
}

void RandomCluster::ReportLostSnapshots() {
  for (Member& member : members_) {
    const Leader* leader = member.node->AsLeader();
    if (leader == nullptr) continue;
    for (uint64_t id = 1; id <= kMembers; ++id) {
      const auto progress = leader->progress.find(MemberId(id));
      if (progress == leader->progress.end()) continue;
      if (progress->second.state() != ProgressState::kSnapshot) continue;
      member.node->ReportSnapshot(MemberId(id), false);
    }
  }
}

base::Status RandomCluster::Heal() {
  faults_ = false;
  std::fill(side_.begin(), side_.end(), 0);
  const uint64_t before = committed_entries();
  for (int round = 0; round < 4000; ++round) {
    RETURN_IF_ERROR(RandomStep());
    while (network_.size() > 20) DeliverOne();
    if (round % 50 == 0) ReportLostSnapshots();
    if (round > 200 && committed_entries() > before + 5) return {};
  }
  return base::Status(base::Code::kInternal, "no progress without faults");
}

}  // namespace raft::testing
