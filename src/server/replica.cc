#include "server/replica.h"

#include <utility>

#include "base/bytes.h"
#include "base/check.h"
#include "state/members/member.h"

namespace server {
namespace {

constexpr size_t kBatchesMax = 100'000;
constexpr size_t kReadsMax = 10'000;
constexpr size_t kHeldMax = 100'000;
constexpr uint64_t kMessageBytesMax = 1 << 20;
constexpr uint64_t kApplyingBytesMax = 64 << 20;
constexpr uint64_t kUncommittedBytesMax = 512 << 20;
constexpr uint32_t kInflightMessagesMax = 512;
constexpr uint64_t kLogBytesMax = 64 << 20;

base::SharedBytes ContextOf(uint64_t read) {
  base::Bytes context(sizeof read, '\0');
  base::Store64Be(context.data(), read);
  return base::SharedBytes(context);
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
  config.applied = recovered.applied;
  config.log = log;
  config.message_bytes_max = kMessageBytesMax;
  config.applying_bytes_max = kApplyingBytesMax;
  config.uncommitted_bytes_max = kUncommittedBytesMax;
  config.inflight_messages_max = kInflightMessagesMax;
  config.check_quorum = true;
  config.pre_vote = options.pre_vote;
  return config;
}

}  // namespace

Replica::Replica(const Options& options, const Environment& environment, Recovered* recovered,
                 Progress* progress, OnCommitted on_committed)
    : options_(options),
      environment_(environment),
      progress_(progress),
      on_committed_(std::move(on_committed)),
      log_({options.snapshot_catchup_entries, kLogBytesMax}, recovered->base),
      writer_(options, environment, std::move(recovered->log),
              [this](std::vector<raft::Output>& outputs) { OnWritten(outputs); }),
      next_read_(environment.seed),
      proposals_(environment.raft_loop, kBatchesMax, [this](auto& batch) { OnProposals(batch); }),
      read_requests_(environment.raft_loop, kReadsMax, [this](auto& batch) { OnReads(batch); }),
      applied_(environment.raft_loop, kBatchesMax, [this](auto& batch) { OnApplied(batch); }) {
  log_.Append(std::exchange(recovered->entries, {}));
  if (log_.LastIndex() >= log_.FirstIndex()) log_.Trim(recovered->applied);
  node_ = std::make_unique<raft::Node>(ConfigOf(options, environment, *recovered, &log_));
}

void Replica::Start() {
  ticker_ = environment_.raft_loop->NewTimer([this] { Tick(); });
  ticker_->Arm(options_.heartbeat_interval);
  CampaignIfAlone();
  Publish();
  TouchNode();
}

// Nobody else could be elected: there is nothing to wait for.
void Replica::CampaignIfAlone() {
  if (node_->leader() == base::MemberId() && node_->membership().IsSingleton()) node_->Campaign();
}

void Replica::Tick() {
  ticker_->Arm(options_.heartbeat_interval);
  node_->Tick();
  TouchNode();
}

bool Replica::Propose(std::vector<base::SharedBytes> payloads) {
  return proposals_.Push(std::move(payloads));
}

bool Replica::ReadIndex(OnReadIndex on_read_index) {
  return read_requests_.Push(std::move(on_read_index));
}

void Replica::ReportApplied(Applied applied) {
  // At most one is under way for each batch of entries that was handed out.
  CHECK(applied_.Push(std::move(applied)));
}

void Replica::OnProposals(std::vector<std::vector<base::SharedBytes>>& batches) {
  for (std::vector<base::SharedBytes>& batch : batches) {
    for (base::SharedBytes& payload : batch) {
      // What does not fit is lost, and its proposer's patience ends.
      if (held_.size() < kHeldMax) held_.push_back(std::move(payload));
    }
  }
  ProposeHeld();
}

void Replica::ProposeHeld() {
  if (held_.empty() || node_->leader() == base::MemberId()) return;
  // Dropped when too much is uncommitted; their proposers' patience ends.
  node_->Propose(held_).IgnoreError();
  held_.clear();
  TouchNode();
}

void Replica::OnReads(std::vector<OnReadIndex>& reads) {
  for (OnReadIndex& read : reads) {
    if (reads_.size() >= kReadsMax) reads_.erase(reads_.begin());
    const uint64_t number = ++next_read_;
    reads_.emplace(number, std::move(read));
    node_->ReadIndex(ContextOf(number));
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

void Replica::OnApplied(std::vector<Applied>& reports) {
  for (const Applied& report : reports) {
    for (const raft::ConfChangeV2& change : report.changes) node_->ApplyConfChange(change);
  }
  node_->OnApplied(reports.back().index);
  log_.Trim(reports.back().index);
  CampaignIfAlone();
  TouchNode();
}

void Replica::OnWritten(std::vector<raft::Output>& outputs) {
  for (const raft::Output& output : outputs) {
    log_.Append(output.entries);
    node_->OnPersisted(output.persisted);
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

void Replica::TakeOutputs() {
  while (node_->HasOutput()) {
    raft::Output output = node_->TakeOutput();
    // The only member has nobody to talk to.
    CHECK(output.messages.empty() && output.messages_after_persist.empty());
    std::vector<raft::Entry> committed = std::move(output.committed);
    const std::vector<raft::ReadState> reads = std::move(output.reads);
    if (output.NeedsWrite()) writer_.Write(std::move(output));
    if (!committed.empty()) on_committed_(std::move(committed));
    Publish();
    AnswerReads(reads);
    ProposeHeld();
  }
}

void Replica::Publish() {
  const uint64_t leader = node_->leader().value();
  if (leader != progress_->leader) LogLeader(leader);
  if (leader != progress_->leader && leader != 0) ++progress_->leader_changes;
  progress_->leader = leader;
  progress_->term = node_->term().value();
  progress_->committed = node_->log().committed().value();
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
