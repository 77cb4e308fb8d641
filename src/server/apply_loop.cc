#include "server/apply_loop.h"

#include <iterator>
#include <utility>

#include "base/check.h"
#include "proto/raft_internal.pb.h"
#include "server/refill.h"
#include "server/snapshot_install.h"
#include "server/witness.h"
#include "state/auth/users.h"
#include "state/members/snapshot_json.h"
#include "state/v2/store.h"
#include "storage/schema/consistent_index.h"

// Why slices: the apply loop also commits, compacts and answers who waits for it. It applies for a
// millisecond, hands the answers of that slice back, one batch for each frontend, and lets the rest
// of its work have a turn. A larger slice would make batches larger and the first of them late.
//
// Why a snapshot is installed on the backend loop: commits run there, one after the other, so that
// none is under way while the databases are exchanged. Entries wait meanwhile; readers do not.

namespace server {
namespace {

constexpr size_t kBatchesMax = 1'000'000;
// Between two answers to those who wait: entries, and about how long they may take.
constexpr size_t kSliceEntries = 256;
constexpr runtime::Duration kSliceMax = std::chrono::milliseconds(1);
// Between two looks whether a replaced state is still read.
constexpr runtime::Duration kEndReplacedInterval = std::chrono::seconds(1);

apply::Applier::Options ApplierOptions(const Options& options, const Environment& environment,
                                       const RequestIds* ids, leases::Observer* lease_observer) {
  return {.max_learners = options.max_learners,
          .extensions = options.extensions,
          .keep_lease_checkpoints = options.keep_lease_checkpoints,
          .lease_observer = lease_observer,
          .auth_observer = environment.auth_observer,
          .is_awaited = [ids](uint64_t id) { return ids->OriginOf(id).has_value(); }};
}

}  // namespace

ApplyLoop::ApplyLoop(const Options& options, const Environment& environment, const RequestIds* ids,
                     Progress* progress, Failure* failure, Hooks hooks,
                     std::shared_ptr<apply::State> state, raft::EntryId applied,
                     base::Index snapshot)
    : options_(options),
      environment_(environment),
      ids_(ids),
      progress_(progress),
      failure_(*failure),
      hooks_(std::move(hooks)),
      applier_(ApplierOptions(options, environment, ids, hooks_.lease_observer), std::move(state),
               applied),
      committer_(options, environment, &applier_, progress, failure, snapshot,
                 {.on_committed = [this] { Run(); },
                  .save_snapshot =
                      [this](snap::Snapshot saving, base::Callback<void(bool saved)> done) {
                        hooks_.save_snapshot(std::move(saving), std::move(done));
                      }}),
      compactor_(options, environment, &applier_, &committer_, progress, failure),
      leftover_eraser_(environment, &applier_, &committer_, failure),
      operations_(environment.registry),
      report_(environment.logger, environment.registry, options.warning_apply_duration),
      mailbox_(environment.apply_loop, kBatchesMax,
               [this](auto& batches) { OnCommitted(batches); }),
      end_replaced_timer_(environment.apply_loop->NewTimer([this] { EndReplaced(); })),
      listening_(ids->origins()),
      completions_(ids->origins()),
      revision_(applier_.state().store().revision()),
      rights_(applier_.state().users().view().stamp()) {
  progress_->applied = applied.index.value();
}

void ApplyLoop::Start() {
  TellMembers();
  compactor_.Work();
  TellOfTree();
}

void ApplyLoop::TellMembers() {
  const members::Membership& membership = applier_.state().members();
  ClusterMembers told;
  for (const auto& [id, member] : membership.members()) told.members.push_back(member);
  told.extensions = membership.extensions();
  told.removed.assign(membership.removed().begin(), membership.removed().end());
  hooks_.on_members(std::move(told));
}

void ApplyLoop::Apply(std::vector<raft::Entry> entries) {
  environment_.logger->Debug("Applying entries", {{"num-entries", entries.size()}});
  // Bounded by what raft hands out.
  CHECK(mailbox_.Push({.entries = std::move(entries)}));
}

void ApplyLoop::Install(raft::EntryId at) {
  CHECK(mailbox_.Push({.snapshot = at}));
}

void ApplyLoop::OnCommitted(std::vector<Committed>& batches) {
  for (Committed& batch : batches) {
    if (batch.snapshot.has_value()) {
      // It covers them.
      queue_.clear();
      to_install_ = batch.snapshot;
      if (environment_.witness != nullptr) environment_.witness->OnSnapshot(*batch.snapshot);
      continue;
    }
    if (environment_.witness != nullptr) environment_.witness->OnCommitted(batch.entries);
    std::move(batch.entries.begin(), batch.entries.end(), std::back_inserter(queue_));
  }
  if (to_install_.has_value() && !installing_) StartInstall();
  Run();
}

// On the backend loop, where no commit is under way then.
void ApplyLoop::StartInstall() {
  installing_ = true;
  const raft::EntryId at = *std::exchange(to_install_, std::nullopt);
  const bool keeps_damaged = std::exchange(keeps_damaged_, false);
  environment_.backend_loop->Post([this, at, keeps_damaged, replaced = applier_.shared_state()] {
    if (failure_.failed()) return;
    replaced->database().GiveUpName();
    if (keeps_damaged && !failure_.Check(PutDatabaseAside(options_, environment_))) return;
    auto installed = std::make_shared<Installed>(InstallReceived(options_, environment_, at));
    environment_.apply_loop->Post(
        [this, at, installed] { OnInstalled(std::move(*installed), at); });
  });
}

void ApplyLoop::OnInstalled(Installed installed, raft::EntryId at) {
  if (failure_.failed() || !failure_.Check(installed.status())) return;
  installing_ = false;
  replaced_.push_back(applier_.shared_state());
  applier_.Replace(*std::move(installed), at);
  hooks_.on_installed();
  TellMembers();
  committer_.Replaced();
  progress_->applied = at.index.value();
  environment_.logger->Info("applied snapshot", {{"snapshot-index", at.index.value()},
                                                 {"snapshot-term", at.term.value()}});
  if (environment_.witness != nullptr) environment_.witness->OnApplied(applier_);
  EndReplaced();
  tree_told_ = applier_.state().v2().index();
  TellOfTree();
  HandOver();
  RunApplied();
  compactor_.Work();
  if (to_install_.has_value()) return StartInstall();
  Run();
}

// Destroying one takes long: a worker does it.
void ApplyLoop::EndReplaced() {
  std::vector<std::shared_ptr<apply::State>> still_read;
  for (std::shared_ptr<apply::State>& state : replaced_) {
    if (state.use_count() > 1) {
      still_read.push_back(std::move(state));
      continue;
    }
    auto ending = std::make_shared<std::shared_ptr<apply::State>>(std::move(state));
    const bool accepted = environment_.bulk_workers->Run([ending] { ending->reset(); },
                                                         environment_.apply_loop, [] {});
    if (!accepted) still_read.push_back(std::move(*ending));
  }
  replaced_ = std::move(still_read);
  if (!replaced_.empty()) end_replaced_timer_->Arm(kEndReplacedInterval);
}

void ApplyLoop::MakeSnapshot(raft::Message message) {
  auto shared = std::make_shared<raft::Message>(std::move(message));
  WhenDurable([this, shared] { failure_.Check(SendSnapshot(std::move(*shared))); });
}

// What is told of the members is as of the database's entry too, which may be newer than what raft
// offered.
base::Status ApplyLoop::SendSnapshot(raft::Message message) {
  ASSIGN_OR_RETURN(auto reader, applier_.state().database().NewReader());
  ASSIGN_OR_RETURN(const schema::ConsistentIndex covered, schema::ReadConsistentIndex(*reader));
  ASSIGN_OR_RETURN(auto conf_state, members::ReadConfState(*reader));
  ASSIGN_OR_RETURN(const auto members, members::Membership::Load(*reader, nullptr));
  raft::Snapshot snapshot{base::SharedBytes(members::SnapshotJson(members, covered.index)),
                          conf_state.value_or(raft::ConfState()), covered.index, covered.term};
  message.snapshot = std::make_shared<const raft::Snapshot>(std::move(snapshot));
  hooks_.send_snapshot(std::move(message), std::move(reader));
  return {};
}

// One slice a turn, so that whatever else the loop is asked for has its turn too.
void ApplyLoop::Run() {
  if (failure_.failed() || continuing_) return;
  if (MayApply() && !ApplySlice()) return;
  committer_.CommitIfDue();
  if (!MayApply()) return;
  continuing_ = true;
  environment_.apply_loop->PostSlice([this] {
    continuing_ = false;
    Run();
  });
}

// False if the member has failed.
bool ApplyLoop::ApplySlice() {
  const runtime::TimePoint start = environment_.apply_loop->clock().Now();
  now_ = start;
  for (size_t count = 0; count < kSliceEntries && !queue_.empty(); ++count) {
    if (!ApplyEntry(queue_.front())) return false;
    queue_.pop_front();
    if (now_ - start >= kSliceMax) break;
  }
  EndSlice();
  return true;
}

bool ApplyLoop::ApplyEntry(const raft::Entry& entry) {
  base::Result<apply::Applier::Outcome> outcome = applier_.Apply(entry, now_);
  if (!failure_.Check(outcome.status())) return false;
  committer_.Applied(entry.data.size());
  if (entry.type == raft::EntryType::kNormal && entry.data.empty()) hooks_.on_term(entry.term);
  if (outcome->request != nullptr) {
    const runtime::TimePoint start = std::exchange(now_, environment_.apply_loop->clock().Now());
    report_.Applied(*outcome->request, outcome->reply, now_ - start);
    if (outcome->request->has_compaction()) compacted_ = progress_->is_compacting = true;
    members_changed_ = members_changed_ || outcome->request->has_cluster_member_attr_set() ||
                       outcome->request->has_cluster_version_set() ||
                       outcome->request->has_extensions_set();
  }
  if (outcome->change.has_value()) {
    changes_.push_back(*std::move(outcome->change));
    members_changed_ = true;
  }
  if (const std::optional<size_t> origin = ids_->OriginOf(outcome->id); origin.has_value()) {
    completions_[*origin].push_back({outcome->id, std::move(outcome->reply)});
  }
  return true;
}

void ApplyLoop::EndSlice() {
  const base::Index applied = applier_.applied().index;
  applier_.state().v2().ShowChanges();  // before anybody hears how far it is
  operations_.Add(applier_.TakeCounts());
  progress_->applied = applied.value();
  if (environment_.witness != nullptr) environment_.witness->OnApplied(applier_);
  if (std::exchange(members_changed_, false)) TellMembers();
  hooks_.on_applied(applied, std::exchange(changes_, {}));
  if (applier_.state().v2().has_happenings()) TellOfTree();
  HandOver();
  RunApplied();
  if (std::exchange(compacted_, false)) compactor_.Work();
}

void ApplyLoop::HandOver() {
  const base::Revision revision = applier_.state().store().revision();
  const uint64_t rights = applier_.state().users().view().stamp();
  const bool changed = revision_ != revision || rights_ != rights || compacted_;
  revision_ = revision;
  rights_ = rights;
  for (size_t origin = 0; origin < completions_.size(); ++origin) {
    const bool hears = changed && listening_[origin];
    if (completions_[origin].empty() && !hears) continue;
    hooks_.on_completed(origin, std::exchange(completions_[origin], {}),
                        hears ? std::optional(revision) : std::nullopt);
  }
}

void ApplyLoop::Listen(size_t origin, bool listens) {
  environment_.apply_loop->Post([this, origin, listens] {
    listening_[origin] = listens;
    if (listens) hooks_.on_completed(origin, {}, revision_);
  });
}

void ApplyLoop::ListenToTree(OnHappenings on_happenings) {
  environment_.apply_loop->Post([this, on_happenings = std::move(on_happenings)]() mutable {
    const v2::Happenings none{.after = tree_told_, .index = tree_told_};
    on_happenings(std::make_shared<const v2::Happenings>(none));
    tree_listeners_.push_back(std::move(on_happenings));
  });
}

void ApplyLoop::TellOfTree() {
  v2::Store& tree = applier_.state().v2();
  const uint64_t after = std::exchange(tree_told_, tree.index());
  auto happenings = std::make_shared<const v2::Happenings>(
      v2::Happenings{.after = after, .index = tree_told_, .happenings = tree.TakeHappenings()});
  for (const OnHappenings& listener : tree_listeners_) listener(happenings);
  leftover_eraser_.Work();
}

void ApplyLoop::RunApplied() {
  while (!waiters_.empty() && waiters_.begin()->first <= applier_.applied().index) {
    waiters_.extract(waiters_.begin()).mapped()();
  }
}

void ApplyLoop::WhenApplied(base::Index index, base::Callback<void()> done) {
  environment_.apply_loop->Post([this, index, done = std::move(done)]() mutable {
    waiters_.emplace(index, std::move(done));
    RunApplied();
  });
}

void ApplyLoop::WhenDurable(base::Callback<void()> done) {
  environment_.apply_loop->Post(
      [this, done = std::move(done)]() mutable { committer_.WhenDurable(std::move(done)); });
}

void ApplyLoop::SaveSnapshot(base::Callback<void()> done) {
  environment_.apply_loop->Post(
      [this, done = std::move(done)]() mutable { committer_.SaveSnapshot(std::move(done)); });
}

void ApplyLoop::WhenCompacted(base::Revision revision, base::Callback<void()> done) {
  environment_.apply_loop->Post([this, revision, done = std::move(done)]() mutable {
    compactor_.WhenCompacted(revision, std::move(done));
  });
}

}  // namespace server
