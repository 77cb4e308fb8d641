#include "server/replica.h"

#include <algorithm>
#include <utility>

#include "base/bytes.h"
#include "base/check.h"
#include "base/coverage_mark.h"
#include "base/errors.h"
#include "runtime/failpoint.h"
#include "server/forgotten.h"
#include "state/members/member.h"

// Why the turn is the unit: messages, proposals, reads and reports that arrive within one are all
// given to the node before its output is taken, at the end of the turn (TouchNode). So a hundred
// proposals are one append to the log, and one message to each follower if they fit into it.
//
// Why proposals are held here: without a leader, and while leadership is handed over, the node
// would refuse them, and clients would have to try again. They are dropped at their deadlines,
// since a request that is carried out after its client was told of a timeout may be done twice.
// Those of other members have no deadline here: they are held as long as a hand-over may take.

namespace server {
namespace {

constexpr size_t kReadsMax = 10'000;
// Bounded otherwise: by bytes on their way in, by what waits for an answer, by what is applied.
constexpr size_t kNoBound = ~size_t{0};
// Entries that one turn drops: what was held for long may be many.
constexpr uint64_t kTrimmedMax = 10'000;

base::SharedBytes ContextOf(uint64_t read) {
  base::Bytes context(sizeof read, '\0');
  base::Store64Be(context.data(), read);
  return base::SharedBytes(context);
}

uint64_t SizeOf(const raft::Message& message) {
  uint64_t size = sizeof message + message.context.size();
  for (const raft::Entry& entry : message.entries) size += sizeof entry + entry.data.size();
  if (message.snapshot != nullptr) size += message.snapshot->data.size();
  return size;
}

// How far the log is behind the node.
base::Index AppliedOf(const Recovered& recovered) {
  return recovered.awaits_snapshot ? recovered.base.index : recovered.applied.index;
}

raft::Config ConfigOf(const Options& options, const Environment& environment,
                      const Recovered& recovered, const raft::MemoryLog* log) {
  raft::Config config;
  config.id = recovered.id;
  config.election_ticks =
      static_cast<uint32_t>(options.election_timeout / options.heartbeat_interval);
  config.heartbeat_ticks = 1;
  config.seed = environment.seed;
  config.hard_state = recovered.hard_state;
  config.conf_state = recovered.conf_state;
  config.applied = AppliedOf(recovered);
  config.awaits_snapshot = recovered.awaits_snapshot;
  config.log = log;
  config.tracer = environment.raft_tracer;
  config.message_bytes_max = options.raft.message_bytes_max;
  config.applying_bytes_max = options.raft.applying_bytes_max;
  config.uncommitted_bytes_max = options.raft.uncommitted_bytes_max;
  config.inflight_messages_max = options.raft.inflight_messages_max;
  config.check_quorum = true;
  // What the leader's lease keeper goes by; see LeaseRequests.
  config.vote_lease_ms =
      static_cast<uint32_t>(std::chrono::floor<std::chrono::milliseconds>(
                                (config.election_ticks - 1) * options.heartbeat_interval)
                                .count());
  config.pre_vote = options.pre_vote;
  return config;
}

}  // namespace

Replica::Replica(const Options& options, const Environment& environment, Recovered* recovered,
                 Progress* progress, DiskRoom* room, Failure* failure, Hooks hooks)
    : options_(options),
      environment_(environment),
      progress_(progress),
      failure_(*failure),
      self_{recovered->id, recovered->cluster},
      hooks_(std::move(hooks)),
      log_({options.snapshot_catchup_entries, options.raft.log_bytes_max}, recovered->base),
      stall_(options, environment.logger, progress),
      heartbeats_(options.heartbeat_interval, environment.logger, environment.registry),
      snapshot_wait_(environment.raft_loop, environment.logger, progress),
      writer_(options, environment, room, failure, std::move(recovered->log),
              [this](std::vector<raft::Output>& outputs) { OnWritten(outputs); }),
      next_read_(environment.seed),
      messages_(environment.raft_loop, kNoBound, [this](auto& batch) { OnMessages(batch); }),
      proposals_(environment.raft_loop, kNoBound, [this](auto& batch) { OnProposals(batch); }),
      read_requests_(environment.raft_loop, kReadsMax, [this](auto& batch) { OnReads(batch); }),
      applied_(environment.raft_loop, kNoBound, [this](auto& batch) { OnApplied(batch); }) {
  log_.Append(std::exchange(recovered->entries, {}));
  node_ = std::make_unique<raft::Node>(ConfigOf(options, environment, *recovered, &log_));
  if (environment.witness != nullptr) {
    environment.witness->OnStarted(*node_, recovered->hard_state, AppliedOf(*recovered));
  }
  TrimLog(AppliedOf(*recovered));
}

void Replica::Start() {
  // What its own files say they say at each start, to a member alone as well: it is not noted.
  if (!failure_.Check(node_->failure())) return;
  ticker_ = environment_.raft_loop->NewTimer([this] { Tick(); });
  ticker_->Arm(options_.heartbeat_interval);
  CampaignIfAlone();
  snapshot_wait_.Look(*node_);
  Publish();
  TouchNode();
}

void Replica::AwaitSnapshot() {
  environment_.raft_loop->Post([this] {
    node_->AwaitSnapshot();
    snapshot_wait_.Look(*node_);
    Witnessed();
    TouchNode();
  });
}

// Nobody else could be elected: there is nothing to wait for.
void Replica::CampaignIfAlone() {
  if (node_->leader() == base::MemberId() && node_->membership().IsSingleton()) node_->Campaign();
}

void Replica::Tick() {
  ticker_->Arm(options_.heartbeat_interval);
  progress_->ticked = environment_.raft_loop->clock().Now().time_since_epoch().count();
  DropExpired();
  node_->Tick();
  stall_.Tick(writer_.UnderWay(), node_.get());
  snapshot_wait_.Look(*node_);
  ProposeHeld();
  Witnessed();
  TouchNode();
}

void Replica::Propose(ProposalBatch batch) {
  CHECK(proposals_.Push(std::move(batch)));
}

bool Replica::ReadIndex(OnReadIndex on_read_index) {
  return read_requests_.Push(std::move(on_read_index));
}

void Replica::ReportApplied(base::Index index, std::vector<raft::ConfChangeV2> changes) {
  CHECK(applied_.Push({index, std::move(changes)}));
}

bool Replica::Step(raft::Message message) {
  const uint64_t size = SizeOf(message);
  if (inbox_bytes_.fetch_add(size) + size > kInboxBytes) {
    inbox_bytes_.fetch_sub(size);
    return false;
  }
  return messages_.Push(std::move(message));
}

void Replica::ReportUnreachable(base::MemberId peer) {
  environment_.raft_loop->Post([this, peer] {
    node_->ReportUnreachable(peer);
    Witnessed();
    TouchNode();
  });
}

void Replica::ReportSnapshot(base::MemberId peer, bool delivered) {
  environment_.raft_loop->Post([this, peer, delivered] {
    hold_.Delivered(peer, delivered, environment_.raft_loop->clock().Now());
    node_->ReportSnapshot(peer, delivered);
    Witnessed();
    TouchNode();
  });
}

void Replica::AskReplication(base::MemberId member, OnReplication on_replication) {
  environment_.raft_loop->Post([this, member,
                                on_replication = std::move(on_replication)]() mutable {
    const raft::Leader* const leader = node_->AsLeader();
    if (leader == nullptr) return on_replication(std::nullopt);
    const auto match = [leader](base::MemberId id) {
      const auto found = leader->progress.find(id);
      return found == leader->progress.end() ? std::nullopt : std::optional(found->second.match());
    };
    on_replication(Replication{match(node_->id()).value_or(base::Index()), match(member)});
  });
}

void Replica::TransferLeadership(base::MemberId target) {
  environment_.raft_loop->Post([this, target] {
    node_->TransferLeadership(target);
    Witnessed();
    TouchNode();
  });
}

void Replica::ProposeJointChange(raft::ConfChangeV2 change) {
  environment_.raft_loop->Post([this, change = std::move(change)] {
    node_->ProposeConfChange(change).IgnoreError();
    Witnessed();
    TouchNode();
  });
}

void Replica::OnMessages(std::vector<raft::Message>& messages) {
  uint64_t size = 0;
  for (raft::Message& message : messages) {
    size += SizeOf(message);
    if (!IsTakenNow(message)) {
      // Why half: what raft itself has to hear must find room.
      if (inbox_bytes_ > kInboxBytes / 2) continue;
      size -= SizeOf(message);
      held_messages_.push_back(
          {std::move(message), environment_.raft_loop->clock().Now() + options_.election_timeout});
      continue;
    }
    if (message.type == raft::MessageType::kApp) {
      progress_->appends_received.Count(SizeOf(message), environment_.raft_loop->clock().Now());
    }
    // What it refuses is the sender's to send again, or not.
    node_->Step(std::move(message)).IgnoreError();
    Witnessed();
  }
  inbox_bytes_.fetch_sub(size);
  TouchNode();
}

void Replica::OnProposals(std::vector<ProposalBatch>& batches) {
  for (ProposalBatch& batch : batches) {
    for (Proposal& proposal : batch.proposals) {
      held_.push_back({batch.origin, std::move(proposal)});
    }
  }
  ProposeHeld();
}

bool Replica::IsTakenNow(const raft::Message& message) const {
  if (message.type != raft::MessageType::kProp) return true;
  const bool has_change =
      std::any_of(message.entries.begin(), message.entries.end(),
                  [](const raft::Entry& entry) { return entry.type != raft::EntryType::kNormal; });
  return has_change ? node_->TakesConfChanges() : node_->TakesProposals();
}

void Replica::StepHeldMessages() {
  for (HeldMessage& held : std::exchange(held_messages_, {})) {
    if (!IsTakenNow(held.message)) {
      held_messages_.push_back(std::move(held));
      continue;
    }
    inbox_bytes_.fetch_sub(SizeOf(held.message));
    node_->Step(std::move(held.message)).IgnoreError();
    Witnessed();
    TouchNode();
  }
}

// A proposal waits for a leader that takes it as long as its client does.
void Replica::ProposeHeld() {
  RefuseDeposed();
  if (!node_->TakesProposals()) return;
  StepHeldMessages();
  if (held_.empty()) return;
  DropExpired();
  std::vector<Held> changes;  // that have to wait for another one
  for (size_t first = 0; first < held_.size();) {
    size_t count = 0;
    while (first + count < held_.size() && held_[first + count].proposal.change == nullptr) ++count;
    if (count > 0) ProposeRun(first, count);
    first += count;
    if (first == held_.size()) break;
    if (!node_->TakesConfChanges()) {
      changes.push_back(std::move(held_[first]));
    } else if (!node_->ProposeConfChange(*held_[first].proposal.change).ok()) {
      Refuse(first, 1, base::errors::kTooManyRequests);
    }
    ++first;
  }
  held_ = std::move(changes);
  Witnessed();
  TouchNode();
}

void Replica::ProposeRun(size_t first, size_t count) {
  std::vector<base::SharedBytes> payloads;
  payloads.reserve(count);
  for (size_t i = first; i < first + count; ++i) payloads.push_back(held_[i].proposal.payload);
  if (!node_->Propose(payloads).ok()) Refuse(first, count, base::errors::kTooManyRequests);
}

void Replica::Refuse(size_t first, size_t count, const base::Status& status) {
  std::map<size_t, std::vector<Completion>> refused;
  for (size_t i = first; i < first + count; ++i) {
    refused[held_[i].origin].push_back({held_[i].proposal.id, {status}});
  }
  for (auto& [origin, completions] : refused) hooks_.on_refused(origin, std::move(completions));
}

// Proposals of this member as a leader that it is no more.
void Replica::RefuseDeposed() {
  const bool leads = node_->AsLeader() != nullptr;
  const auto may_stay = [&](const Held& held) {
    const base::Term term = held.proposal.term;
    return term == base::Term() || (leads && term == node_->term());
  };
  if (std::all_of(held_.begin(), held_.end(), may_stay)) return;
  base::Mark<"server: a leader that was deposed refuses its own proposals">();
  const auto deposed = std::stable_partition(held_.begin(), held_.end(), may_stay);
  const auto first = static_cast<size_t>(deposed - held_.begin());
  Refuse(first, held_.size() - first, base::errors::kNotLeader);
  held_.erase(deposed, held_.end());
}

// Those who proposed them have been told that they timed out.
void Replica::DropExpired() {
  const runtime::TimePoint now = environment_.raft_loop->clock().Now();
  std::erase_if(held_, [now](const Held& held) { return held.proposal.deadline <= now; });
  std::erase_if(held_messages_, [this, now](const HeldMessage& held) {
    if (held.until > now) return false;
    inbox_bytes_.fetch_sub(SizeOf(held.message));
    return true;
  });
}

void Replica::OnReads(std::vector<OnReadIndex>& reads) {
  for (OnReadIndex& read : reads) {
    if (reads_.size() >= kReadsMax) reads_.erase(reads_.begin());
    const uint64_t number = ++next_read_;
    reads_.emplace(number, std::move(read));
    node_->ReadIndex(ContextOf(number));
    Witnessed();
  }
  TouchNode();
}

void Replica::AnswerReads(const std::vector<raft::ReadState>& reads) {
  for (const raft::ReadState& read : reads) {
    const auto found = reads_.find(base::Load64Be(read.context.view().data()));
    if (found == reads_.end()) continue;
    found->second(read.index);
    reads_.erase(reads_.begin(), std::next(found));
  }
}

void Replica::OnApplied(std::vector<Report>& reports) {
  for (const Report& report : reports) {
    for (const raft::ConfChangeV2& change : report.changes) {
      if (!failure_.Check(node_->ApplyConfChange(change).status())) return;
      Witnessed();
    }
  }
  node_->OnApplied(reports.back().index);
  Witnessed();
  ProposeHeld();
  TrimLog(reports.back().index);
  CampaignIfAlone();
  TouchNode();
}

// Peers that need what is trimmed get a snapshot, which is made when it is sent (MakeSnapshot): of
// this entry or a later one, and so of the newest configuration.
void Replica::TrimLog(base::Index applied) {
  if (applied + 1 < log_.FirstIndex() || log_.LastIndex() < applied) return;
  if (!node_->membership().IsAlone() && applied > base::Index()) {
    log_.SetSnapshot(std::make_shared<const raft::Snapshot>(
        raft::Snapshot{{}, node_->membership().ToConfState(), applied, *log_.TermAt(applied)}));
  }
  const base::Index limit = std::min(LimitOfHold(applied), log_.FirstIndex() + kTrimmedMax);
  if (log_.LastIndex() >= log_.FirstIndex() && limit >= log_.FirstIndex()) log_.Trim(limit);
}

base::Index Replica::LimitOfHold(base::Index applied) {
  if (hold_.empty()) return applied;
  hold_.Update(*node_, environment_.raft_loop->clock().Now());
  if (log_.bytes() > options_.raft.held_log_bytes_max) {
    environment_.logger->Warn(
        "the log kept for members that are sent snapshots has become too large; they "
        "may need later ones");
    hold_.Clear();
    base::Mark<"server: too much of the log is kept for a snapshot">();
  }
  return hold_.Limit(applied);
}

void Replica::Witnessed() const {
  if (environment_.witness != nullptr) environment_.witness->OnStep(*node_);
}

void Replica::OnWritten(std::vector<raft::Output>& outputs) {
  for (raft::Output& output : outputs) {
    if (output.snapshot != nullptr) {
      log_.Install(output.snapshot);
      hooks_.on_snapshot(output.snapshot->id());
    }
    log_.Append(output.entries);
    Send(std::move(output.messages_after_persist));
    node_->OnPersisted(output.persisted);
    Witnessed();
  }
  TouchNode();
}

void Replica::TouchNode() {
  if (std::exchange(touched_, true)) return;
  environment_.raft_loop->AtEndOfTurn([this] {
    touched_ = false;
    TakeOutputs();
  });
}

void Replica::EndAsForgetful() {
  const std::string why(node_->failure().message());
  const base::Status noted =
      WriteForgotten(*environment_.disk, options_, {.owner = self_, .why = why});
  if (!noted.ok()) {
    environment_.logger->Error("cannot note that this member has lost what it had acknowledged",
                               {{"error", noted.message()}});
  }
  failure_.Report(
      {base::Code::kDataLoss,
       why + "; this member has lost what it had acknowledged, and " +
           (options_.replace ? "its next start has it replaced"
                             : "does not start again: remove the member and add it again with an "
                               "empty directory, or start it with --replace-damaged")});
}

void Replica::TakeOutputs() {
  if (failure_.failed()) return;
  if (!node_->failure().ok()) return EndAsForgetful();
  while (node_->HasOutput() && !failure_.failed()) {
    raft::Output output = node_->TakeOutput();
    Witnessed();
    // Before any other member can know it.
    progress_->committed = node_->log().committed().value();
    Send(std::exchange(output.messages, {}));
    std::vector<raft::Entry> committed = std::exchange(output.committed, {});
    const std::optional<raft::EntryId> state = output.state;
    const std::vector<raft::ReadState> reads = std::exchange(output.reads, {});
    if (output.NeedsWrite()) {
      writer_.Write(std::move(output), !node_->membership().IsSingleton());
    }
    if (state.has_value()) hooks_.on_snapshot(*state);
    if (!committed.empty()) hooks_.on_committed(std::move(committed));
    Publish();
    AnswerReads(reads);
    ProposeHeld();
  }
}

void Replica::Send(std::vector<raft::Message> messages) {
  runtime::Reach(node_->role() == raft::Role::kLeader
                     ? runtime::Failpoint::kRaftBeforeLeaderSend
                     : runtime::Failpoint::kRaftBeforeFollowerSend);
  if (messages.empty() || failure_.failed()) return;
  // The only member has nobody to talk to.
  CHECK(environment_.transport != nullptr);
  const runtime::TimePoint now = environment_.raft_loop->clock().Now();
  heartbeats_.OnSend(messages, now);
  const auto is_snapshot = [](const raft::Message& message) {
    return message.type == raft::MessageType::kSnap;
  };
  const auto snapshots =
      std::stable_partition(messages.begin(), messages.end(),
                            [&](const raft::Message& each) { return !is_snapshot(each); });
  for (auto each = snapshots; each != messages.end(); ++each) {
    hold_.Begin(each->to, each->snapshot->index);
    hooks_.on_snapshot_wanted(std::move(*each));
  }
  messages.erase(snapshots, messages.end());
  for (const raft::Message& message : messages) {
    if (message.type != raft::MessageType::kApp) continue;
    progress_->appends_sent.Count(SizeOf(message), now);
  }
  const auto hands_over = [](const raft::Message& message) {
    return message.type == raft::MessageType::kTimeoutNow;
  };
  if (std::any_of(messages.begin(), messages.end(), hands_over)) {
    progress_->handed_over = node_->term().value();
  }
  if (!messages.empty()) environment_.transport->Send(std::move(messages));
}

void Replica::SendSnapshot(SnapshotToSend snapshot) {
  auto shared = std::make_shared<SnapshotToSend>(std::move(snapshot));
  environment_.raft_loop->Post(
      [this, shared] { environment_.transport->SendSnapshot(std::move(*shared)); });
}

void Replica::Publish() {
  const uint64_t leader = node_->leader().value();
  const bool changed = leader != progress_->leader;
  if (changed) LogLeader(leader);
  if (changed && leader != 0) {
    ++progress_->leader_changes;
    progress_->led_since = environment_.raft_loop->clock().WallNow().unix_nanos;
  }
  progress_->leader = leader;
  progress_->term = node_->term().value();
  progress_->vote = node_->vote().value();
  progress_->vote_lease_ms = node_->vote_lease_ms();
  progress_->committed = node_->log().committed().value();
  if (!changed) return;
  if (leader == 0) {
    progress_->leader_lost = environment_.raft_loop->clock().Now().time_since_epoch().count();
  }
  heartbeats_.OnLeader();
  hooks_.on_leader(base::MemberId(leader));
}

void Replica::LogLeader(uint64_t leader) const {
  const std::string self = members::HexText(node_->id().value());
  const std::string term = ToString(node_->term());
  if (leader == 0) {
    environment_.logger->Info("raft.node: " + self + " lost leader " +
                              members::HexText(progress_->leader) + " at term " + term);
  } else {
    environment_.logger->Info("raft.node: " + self + " elected leader " + members::HexText(leader) +
                              " at term " + term);
  }
}

}  // namespace server
