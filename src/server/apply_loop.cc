#include "server/apply_loop.h"

#include <utility>

#include "base/check.h"
#include "proto/raft_internal.pb.h"
#include "raft/codec.h"
#include "raft/confchange.h"
#include "state/members/v2_store.h"
#include "storage/schema/consistent_index.h"

namespace server {
namespace {

constexpr size_t kBatchesMax = 1'000'000;
// Entries between two answers to those who wait.
constexpr size_t kSliceEntries = 256;
// A restart reads the log behind the newest snapshot: it must not be long, however few its entries.
constexpr uint64_t kSnapshotBytes = 64 << 20;
// Records that a step of a compaction looks at.
constexpr size_t kCompactionSlice = 250;

backend::WriteBuffer::Limits LimitsOf(const Options& options) {
  backend::WriteBuffer::Limits limits;
  limits.age_max = options.backend_batch_interval;
  limits.operations_max = options.backend_batch_limit;
  return limits;
}

mvcc::Store::Options StoreOptions() {
  mvcc::Store::Options options;
  options.compaction_slice = kCompactionSlice;
  return options;
}

void Require(const base::Status& status) {
  if (!status.ok()) base::Fatal("cannot apply: " + status.ToString());
}

}  // namespace

ApplyLoop::ApplyLoop(const Options& options, const Environment& environment,
                     const Recovered& recovered, const RequestIds* ids, Progress* progress)
    : options_(options),
      environment_(environment),
      ids_(ids),
      progress_(progress),
      database_(recovered.database.get()),
      buffer_(LimitsOf(options),
              [](base::Index index, base::Term term, backend::Batch* batch) {
                schema::PutConsistentIndex({index, term}, batch);
              }),
      metrics_(environment.registry),
      operations_(environment.registry),
      report_(environment.logger, environment.registry, options.warning_apply_duration),
      compaction_report_({.clock = &environment.apply_loop->clock(),
                          .logger = environment.logger,
                          .registry = environment.registry,
                          .database = recovered.database.get()}),
      committed_(environment.apply_loop, kBatchesMax,
                 [this](auto& batches) {
                   for (std::vector<raft::Entry>& batch : batches) {
                     std::move(batch.begin(), batch.end(), std::back_inserter(queue_));
                   }
                   Run();
                 }),
      applied_(recovered.applied),
      snapshot_index_(recovered.base.index) {
  progress_->applied = applied_.value();
}

base::Result<std::unique_ptr<ApplyLoop>> ApplyLoop::Open(const Options& options,
                                                         const Environment& environment,
                                                         const Recovered& recovered,
                                                         const RequestIds* ids,
                                                         Progress* progress) {
  std::unique_ptr<ApplyLoop> loop(new ApplyLoop(options, environment, recovered, ids, progress));
  ASSIGN_OR_RETURN(loop->configuration_, raft::Membership::FromConfState(recovered.conf_state));
  ASSIGN_OR_RETURN(const auto reader, loop->database_->NewReader());
  ASSIGN_OR_RETURN(loop->membership_, members::Membership::Load(*reader, &loop->buffer_));
  ASSIGN_OR_RETURN(loop->alarms_, alarms::Alarms::Load(*reader, &loop->buffer_));
  ASSIGN_OR_RETURN(loop->store_, mvcc::Store::Open(loop->database_, &loop->buffer_,
                                                   &environment.apply_loop->clock(), StoreOptions(),
                                                   [](base::ByteView, base::LeaseId) {}));
  loop->applier_.emplace(
      apply::Applier::Parts{loop->store_.get(), &*loop->membership_, &*loop->alarms_});
  loop->PublishView();
  return loop;
}

void ApplyLoop::Start(Replica* replica, std::vector<Frontend*> frontends) {
  replica_ = replica;
  frontends_ = std::move(frontends);
  completions_.resize(frontends_.size());
  commit_timer_ = environment_.apply_loop->NewTimer([this] { CommitIfDue(false); });
  compaction_timer_ = environment_.apply_loop->NewTimer([this] {
    compaction_armed_ = false;
    CompactionTick();
  });
  CompactionTick();
}

void ApplyLoop::Apply(std::vector<raft::Entry> entries) {
  // Bounded by what the node hands out before it hears that it was applied.
  CHECK(committed_.Push(std::move(entries)));
}

void ApplyLoop::Run() {
  while (!queue_.empty() && !buffer_.full()) ApplySlice();
  CommitIfDue(false);
}

void ApplyLoop::ApplySlice() {
  now_ = environment_.apply_loop->clock().Now();
  for (size_t count = 0; count < kSliceEntries && !queue_.empty(); ++count) {
    ApplyEntry(queue_.front());
    queue_.pop_front();
  }
  operations_.Add(applier_->TakeCounts());
  progress_->applied = applied_.value();
  for (size_t origin = 0; origin < completions_.size(); ++origin) {
    if (completions_[origin].empty()) continue;
    frontends_[origin]->Complete(std::exchange(completions_[origin], {}));
  }
  RunReached(&applied_waiters_, applied_.value());
  replica_->ReportApplied({applied_, std::exchange(changes_, {})});
}

void ApplyLoop::ApplyEntry(const raft::Entry& entry) {
  CHECK_EQ(entry.index, applied_ + 1);
  if (entry.type != raft::EntryType::kNormal) {
    ApplyConfChange(entry);
  } else if (!entry.data.empty()) {
    ApplyRequest(entry);
  }
  snapshot_bytes_ += entry.data.size();
  applied_ = entry.index;
  applied_term_ = entry.term;
  buffer_.EndEntry(entry.index, entry.term, now_);
}

void ApplyLoop::ApplyRequest(const raft::Entry& entry) {
  request_memory_.Reset();
  auto& request =
      *google::protobuf::Arena::CreateMessage<etcdserverpb::InternalRaftRequest>(&request_memory_);
  const base::ByteView data = entry.data.view();
  if (!request.ParseFromArray(data.data(), static_cast<int>(data.size()))) {
    base::Fatal("entry " + ToString(entry.index) + " is no request");
  }
  const uint64_t id = request.has_header() ? request.header().id() : request.id();
  const std::optional<size_t> origin = ids_->OriginOf(id);
  const bool reply_wanted = origin.has_value() && *origin < completions_.size();
  base::Result<apply::Reply> reply = applier_->Apply(request, reply_wanted);
  Require(reply.status());
  const runtime::TimePoint start = now_;
  now_ = environment_.apply_loop->clock().Now();
  report_.Applied(request, *reply, now_ - start);
  if (applier_->TakeViewChanged()) PublishView();
  if (reply_wanted) completions_[*origin].push_back({id, *std::move(reply)});
  if (request.has_compaction()) CompactionTick();
}

void ApplyLoop::ApplyConfChange(const raft::Entry& entry) {
  base::Result<raft::ConfChangeV2> change = raft::ConfChangeOf(entry);
  Require(change.status());
  // etcd proposes single changes only, the one form that says what is known of the member.
  for (raft::ConfChangeSingle& single : change->changes) {
    base::Result<members::ChangeContext> context = members::ChangeContext{};
    if (!change->context.empty()) context = members::ChangeContextFromJson(change->context);
    Require(context.status());
    if (!membership_->Validate(single.type, single.node_id, *context, options_.max_learners).ok()) {
      single.node_id = base::MemberId();  // without effect
      continue;
    }
    ChangeMembership(single, *context);
  }
  base::Result<raft::Membership> next = raft::Change(configuration_, *change);
  Require(next.status());
  configuration_ = *std::move(next);
  membership_->SaveConfState(configuration_.ToConfState());
  changes_.push_back(*std::move(change));
  PublishView();
}

void ApplyLoop::ChangeMembership(const raft::ConfChangeSingle& change,
                                 const members::ChangeContext& context) {
  switch (change.type) {
    case raft::ConfChangeType::kAddNode:
    case raft::ConfChangeType::kAddLearnerNode:
      if (context.is_promote) return membership_->Promote(change.node_id);
      return membership_->Add(context.member);
    case raft::ConfChangeType::kRemoveNode:
      return membership_->Remove(change.node_id);
    case raft::ConfChangeType::kUpdateNode:
      return membership_->UpdatePeerUrls(change.node_id, context.member.peer_urls);
  }
}

void ApplyLoop::PublishView() {
  ClusterView view;
  for (const auto& [id, member] : membership_->members()) view.members.push_back(member);
  view.cluster_version = membership_->cluster_version();
  view.alarms = alarms_->Get(alarms::Type::kNone);
  progress_->no_space = alarms_->Any(alarms::Type::kNoSpace);
  progress_->corrupt = alarms_->Any(alarms::Type::kCorrupt);
  view_.Set(std::move(view));
}

void ApplyLoop::RunReached(Waiting* waiting, uint64_t reached) {
  while (!waiting->empty() && waiting->begin()->first <= reached) {
    waiting->extract(waiting->begin()).mapped()();
  }
}

void ApplyLoop::WhenApplied(base::Index index, base::Callback<void()> done) {
  environment_.apply_loop->Post([this, index, done = std::move(done)]() mutable {
    applied_waiters_.emplace(index.value(), std::move(done));
    RunReached(&applied_waiters_, applied_.value());
  });
}

void ApplyLoop::WhenDurable(base::Callback<void()> done) {
  environment_.apply_loop->Post([this, done = std::move(done)]() mutable {
    durable_waiters_.emplace(++durable_asked_, std::move(done));
    CommitIfDue(true);
  });
}

void ApplyLoop::WhenCompacted(base::Revision revision, base::Callback<void()> done) {
  environment_.apply_loop->Post([this, revision, done = std::move(done)]() mutable {
    compacted_waiters_.emplace(static_cast<uint64_t>(revision.value()), std::move(done));
    CompactionTick();
  });
}

// One batch is out at a time; what asks for durability meanwhile is served by the next.
void ApplyLoop::CommitIfDue(bool force) {
  if (committing_.has_value()) return;
  force = force || !durable_waiters_.empty();
  std::optional<mvcc::Store::Commit> commit = store_->TakeCommit(force);
  if (!commit.has_value()) {
    if (force) RunReached(&durable_waiters_, durable_asked_);
    if (buffer_.can_cut()) commit_timer_->Arm(options_.backend_batch_interval);
    return;
  }
  durable_asked_out_ = durable_asked_;
  committing_ = SnapshotPoint{
      applied_, applied_term_, configuration_.ToConfState(),
      SnapshotIsNear() ? members::V2StoreJson(*membership_, applied_) : std::string()};
  auto shared = std::make_shared<mvcc::Store::Commit>(*std::move(commit));
  environment_.backend_loop->Post([this, shared] {
    const runtime::Clock& clock = environment_.backend_loop->clock();
    const runtime::TimePoint start = clock.Now();
    Require(database_->Commit(*shared->batch));
    environment_.apply_loop->Post([this, shared, took = clock.Now() - start] {
      metrics_.commit_seconds.Observe(took);
      OnCommitted(std::move(*shared));
    });
  });
}

void ApplyLoop::OnCommitted(mvcc::Store::Commit commit) {
  store_->Committed(std::move(commit));
  durable_ = std::exchange(committing_, std::nullopt);
  RunReached(&durable_waiters_, durable_asked_out_);
  SaveSnapshotIfDue();
  Run();
}

bool ApplyLoop::SnapshotIsNear() const {
  return !saving_snapshot_ && (applied_ - snapshot_index_ >= options_.snapshot_count ||
                               snapshot_bytes_ >= kSnapshotBytes);
}

void ApplyLoop::SaveSnapshotIfDue() {
  if (saving_snapshot_ || durable_->membership.empty()) return;
  saving_snapshot_ = true;
  snapshot_bytes_ = 0;
  snap::Snapshot snapshot{durable_->index, durable_->term, {}, std::move(durable_->membership)};
  raft::Encode(durable_->conf_state, &snapshot.conf_state);
  const base::Index index = snapshot.index;
  replica_->log_writer().SaveSnapshot(std::move(snapshot), [this, index] {
    snapshot_index_ = index;
    saving_snapshot_ = false;
  });
}

// A bounded part of a removal at a time, with pauses, as etcd paces it.
void ApplyLoop::CompactionTick() {
  if (compaction_armed_) return;
  const runtime::TimePoint start = environment_.apply_loop->clock().Now();
  const base::Revision finished_before = store_->finished_compact_revision();
  size_t looked_at = 0;
  bool more = true;
  while (more && looked_at < options_.compaction_batch_limit) {
    base::Result<bool> step = store_->CompactionStep();
    Require(step.status());
    more = *step;
    looked_at += kCompactionSlice;
  }
  const bool ended = store_->finished_compact_revision() != finished_before;
  if (more || ended) compaction_report_.Worked(*store_, start, ended);
  CommitIfDue(false);
  if (more) {
    compaction_armed_ = true;
    return compaction_timer_->Arm(options_.compaction_sleep_interval);
  }
  if (compacted_waiters_.empty()) return;
  const auto finished = static_cast<uint64_t>(store_->finished_compact_revision().value());
  WhenDurable([this, finished] { RunReached(&compacted_waiters_, finished); });
}

}  // namespace server
