#include "sim/replica.h"

#include <utility>

#include "base/check.h"
#include "raft/codec.h"

namespace sim {
namespace {

constexpr size_t kReadsMax = 1000;

base::SharedBytes ReadContext(uint64_t number) {
  base::Bytes context(8, '\0');
  base::Store64Le(context.data(), number);
  return base::SharedBytes(context);
}

}  // namespace

base::Result<std::unique_ptr<Replica>> Replica::Start(const Cluster& cluster,
                                                      runtime::simulated::Disk* disk,
                                                      Options options,
                                                      base::Callback<void()> on_death) {
  std::unique_ptr<Replica> replica(
      new Replica(cluster, disk, std::move(options), std::move(on_death)));
  RETURN_IF_ERROR(replica->Recover());
  replica->StartTicking();
  return replica;
}

Replica::Replica(const Cluster& cluster, runtime::simulated::Disk* disk, Options options,
                 base::Callback<void()> on_death)
    : cluster_(cluster),
      options_(std::move(options)),
      on_death_(std::move(on_death)),
      disk_(disk),
      next_read_(cluster.scheduler->random().Next()),
      loop_(cluster.scheduler->NewLoop("raft")),
      disk_loop_(cluster.scheduler->NewLoop("disk")) {}

Replica::~Replica() {
  if (node_ != nullptr) cluster_.network->SetReceiver(options_.config.id, nullptr);
}

base::Status Replica::Recover() {
  ASSIGN_OR_RETURN(auto opened, ReplicaStorage::Open(*disk_));
  storage_ = std::move(opened.storage);
  const ReplicaStorage::Recovered& recovered = opened.recovered;
  raft::Config config = options_.config;
  config.hard_state = recovered.hard_state;
  const raft::SnapshotPtr& snapshot = recovered.snapshot;
  log_ = std::make_unique<raft::MemoryLog>(
      raft::MemoryLog::Bounds{options_.log_entries_max, raft::kNoLimit},
      snapshot == nullptr ? raft::EntryId{} : snapshot->id());
  if (snapshot != nullptr) {
    log_->SetSnapshot(snapshot);
    config.conf_state = snapshot->conf_state;
    config.applied = snapshot->index;
    ASSIGN_OR_RETURN(machine_, StateMachine::Load(snapshot->data.view()));
    snapshot_index_ = snapshot->index;
  }
  log_->Append(recovered.entries);
  conf_state_ = config.conf_state;
  config.log = log_.get();
  node_ = std::make_unique<raft::Node>(config);
  cluster_.checker->Started(*node_, recovered.hard_state, config.applied);
  cluster_.network->SetReceiver(options_.config.id, this);
  return {};
}

void Replica::StartTicking() {
  ticker_ = loop_->NewTimer([this] { Tick(); });
  ticker_->Arm(options_.tick_interval);
  Input([] {});
}

void Replica::Tick() {
  ticker_->Arm(options_.tick_interval);
  if (!paused_) Input([this] { node_->Tick(); });
}

void Replica::Input(base::Callback<void()> input) {
  if (dead_) return;
  if (paused_) return waiting_.push_back(std::move(input));
  loop_->Post([this, input = std::move(input)]() mutable { RunInput(std::move(input)); });
}

void Replica::RunInput(base::Callback<void()> input) {
  if (dead_) return;
  if (paused_) return waiting_.push_back(std::move(input));
  input();
  cluster_.checker->AfterStep(*node_);
  loop_->AtEndOfTurn([this] { TakeOutput(); });
}

void Replica::SetPaused(bool paused) {
  paused_ = paused;
  if (paused) return;
  for (auto& input : std::exchange(waiting_, {})) Input(std::move(input));
}

void Replica::Propose(std::vector<base::SharedBytes> payloads) {
  Input([this, payloads = std::move(payloads)] { node_->Propose(payloads).IgnoreError(); });
}

void Replica::ProposeConfChange(const raft::ConfChangeV2& change) {
  Input([this, change] { node_->ProposeConfChange(change).IgnoreError(); });
}

void Replica::Read() {
  Input([this] {
    if (reads_.size() >= kReadsMax) reads_.erase(reads_.begin());
    const uint64_t number = ++next_read_;
    reads_[number] = cluster_.checker->ReadFloor();
    node_->ReadIndex(ReadContext(number));
  });
}

void Replica::TransferLeadership(base::MemberId target) {
  Input([this, target] { node_->TransferLeadership(target); });
}

void Replica::ForgetLeader() {
  Input([this] { node_->ForgetLeader(); });
}

void Replica::Campaign() {
  Input([this] { node_->Campaign(); });
}

void Replica::Receive(base::Bytes encoded) {
  Input([this, encoded = std::move(encoded)] {
    base::Result<raft::Message> message = raft::DecodeMessage(encoded);
    CHECK(message.ok());
    node_->Step(*std::move(message)).IgnoreError();
  });
}

void Replica::OnSnapshotStatus(base::MemberId peer, bool delivered) {
  Input([this, peer, delivered] { node_->ReportSnapshot(peer, delivered); });
}

void Replica::OnUnreachable(base::MemberId peer) {
  Input([this, peer] { node_->ReportUnreachable(peer); });
}

void Replica::TakeOutput() {
  while (!dead_ && node_->HasOutput()) {
    raft::Output output = node_->TakeOutput();
    cluster_.checker->AfterStep(*node_);
    SendAll(output.messages);
    std::vector<raft::Entry> committed = std::move(output.committed);
    AnswerReads(output.reads);
    if (output.NeedsWrite()) Write(std::move(output));
    if (!committed.empty()) Apply(std::move(committed));
  }
}

void Replica::SendAll(const std::vector<raft::Message>& messages) {
  for (const raft::Message& message : messages) cluster_.network->Send(message);
}

void Replica::Write(raft::Output output) {
  const auto shared = std::make_shared<raft::Output>(std::move(output));
  if (shared->snapshot != nullptr) {
    // What was applied before it is of no interest any more.
    const base::Result<StateMachine> machine = StateMachine::Load(shared->snapshot->data.view());
    CHECK(machine.ok());
    machine_ = *machine;
    conf_state_ = shared->snapshot->conf_state;
    snapshot_index_ = machine_.applied();
    cluster_.checker->Restored(options_.config.id, snapshot_index_);
    cluster_.checker->CheckDigest(machine_.applied(), machine_.digest());
  }
  OnDisk([this, shared] { return storage_->Save(*shared); },
         [this, shared] { OnWritten(*shared); });
}

void Replica::OnWritten(const raft::Output& output) {
  if (output.snapshot != nullptr) log_->Install(output.snapshot);
  log_->Append(output.entries);
  SendAll(output.messages_after_persist);
  node_->OnPersisted(output.persisted);
}

void Replica::Apply(std::vector<raft::Entry> entries) {
  // Applying takes its time, and overlaps with everything else.
  Input([this, entries = std::move(entries)] { ApplyEntries(entries); });
}

void Replica::ApplyEntries(const std::vector<raft::Entry>& entries) {
  // A snapshot may have overtaken them.
  if (entries.back().index <= machine_.applied()) return;
  cluster_.checker->Applied(options_.config.id, entries);
  bool reconfigured = false;
  for (const raft::Entry& entry : entries) {
    machine_.Apply(entry);
    if (entry.type == raft::EntryType::kNormal) continue;
    const base::Result<raft::ConfChangeV2> change = raft::ConfChangeOf(entry);
    CHECK(change.ok());
    conf_state_ = node_->ApplyConfChange(*change);
    reconfigured = true;
  }
  node_->OnApplied(machine_.applied());
  cluster_.checker->CheckDigest(machine_.applied(), machine_.digest());
  // Why after a change: a member that it added refuses a snapshot that does not know it.
  if (reconfigured || machine_.applied() - snapshot_index_ >= options_.snapshot_entries) {
    MakeSnapshot();
  }
}

void Replica::MakeSnapshot() {
  snapshot_index_ = machine_.applied();
  const std::optional<raft::Term> term = node_->log().TermAt(snapshot_index_);
  CHECK(term.has_value());
  const auto snapshot = std::make_shared<raft::Snapshot>(
      raft::Snapshot{base::SharedBytes(machine_.Save()), conf_state_, snapshot_index_, *term});
  OnDisk([this, snapshot] { return storage_->SaveSnapshot(*snapshot); },
         [this, snapshot] {
           if (snapshot->index <= log_->FirstIndex() - 1) return;  // another was installed
           log_->SetSnapshot(snapshot);
           log_->Trim(snapshot->index);
         });
}

void Replica::AnswerReads(const std::vector<raft::ReadState>& reads) {
  for (const raft::ReadState& read : reads) {
    const auto found = reads_.find(base::Load64Le(read.context.view().data()));
    if (found == reads_.end()) continue;
    cluster_.checker->CheckRead(found->second, read.index);
    reads_.erase(found);
    ++reads_answered_;
  }
}

void Replica::OnDisk(base::Callback<base::Status()> work, base::Callback<void()> done) {
  disk_queue_.push_back({std::move(work), std::move(done)});
  if (!disk_busy_) StartDisk();
}

void Replica::StartDisk() {
  disk_busy_ = true;
  const auto latency =
      runtime::Duration(static_cast<runtime::Duration::rep>(cluster_.scheduler->random().Below(
          static_cast<uint64_t>(options_.disk_latency_max.count()) + 1)));
  cluster_.scheduler->RunAt(cluster_.scheduler->clock().Now() + latency, disk_loop_.get(),
                            [this] { RunDisk(); });
}

void Replica::RunDisk() {
  if (dead_) return;
  for (DiskWork& next : std::exchange(disk_queue_, {})) {
    if (!next.work().ok()) return Die();
    Input(std::move(next.done));
  }
  disk_busy_ = false;
  if (!disk_queue_.empty()) StartDisk();
}

void Replica::Die() {
  dead_ = true;
  cluster_.network->SetReceiver(options_.config.id, nullptr);
  on_death_();
}

}  // namespace sim
