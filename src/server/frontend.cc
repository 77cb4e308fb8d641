#include "server/frontend.h"

#include <algorithm>
#include <utility>

#include "base/errors.h"
#include "server/apply_loop.h"
#include "server/replica.h"
#include "state/apply/request_codec.h"

// Why one batch a turn: a proposal on its own would wake the raft loop, and that loop the log, for
// each request. What a loop proposes within a turn wakes it once, and costs one lock.
//
// Why numbers say their origin: the apply loop knows from an answer's number whose it is
// (RequestIds), so that no table of waiters is shared by the loops.
//
// Expiries need no heap: every proposal waits equally long, so they come in the order of their
// ends. Those that were answered are dropped when they come to the front.

namespace server {
namespace {

// Committed entries that were not applied yet; with more, proposals are refused.
constexpr uint64_t kApplyGapMax = 5'000;
// What a waiter takes beside its request.
constexpr size_t kWaiterBytes = 256;
// A lost question is asked again.
constexpr runtime::Duration kReadRetry = std::chrono::milliseconds(500);
// That are let in in one slice, if time is not up before, at which it is looked now and then.
constexpr size_t kReadsOfSlice = 128;
constexpr size_t kReadsBetweenLooks = 4;

}  // namespace

Frontend::Frontend(const Options& options, const Parts& parts)
    : loop_(parts.loop),
      parts_(parts),
      progress_(parts.progress),
      max_request_bytes_(options.max_request_bytes),
      pending_bytes_max_(
          std::max(options.pending_bytes_max / parts.ids->origins(), 4 * max_request_bytes_)),
      timeout_(options.request_timeout()),
      election_timeout_(options.election_timeout),
      state_(&parts.apply_loop->state()),
      metrics_(parts.registry),
      expiry_timer_(loop_->NewTimer([this] { ExpireWaiters(); })),
      round_timer_(loop_->NewTimer([this] { OnRoundTimer(); })) {}

Frontend::~Frontend() {
  for (auto& [id, waiter] : std::exchange(waiters_, {})) {
    waiter.on_reply({base::errors::kStopped});
  }
  for (auto* const reads : {&round_reads_, &next_reads_}) {
    for (WaitingRead& read : std::exchange(*reads, {})) read.on_read(base::errors::kStopped);
  }
  while (!confirmed_reads_.empty()) confirmed_reads_.Take()(base::errors::kStopped);
}

void Frontend::Propose(uint32_t field, base::ByteView request, OnReply on_reply,
                       const Caller& caller) {
  if (base::Status status = CheckRoom(request.size()); !status.ok()) {
    return Refuse(std::move(on_reply), status);
  }
  Proposal proposal{.id = NewId()};
  apply::EncodeEntry(proposal.id, caller.identity, field, request, &scratch_);
  if (scratch_.size() > max_request_bytes_) {
    return Refuse(std::move(on_reply), base::errors::kRequestTooLarge);
  }
  proposal.payload = base::SharedBytes(scratch_);
  Add(std::move(proposal), field, std::move(on_reply), caller);
}

void Frontend::ProposeConfChange(raft::ConfChange change, OnReply on_reply, const Caller& caller) {
  if (base::Status status = CheckRoom(change.context.size()); !status.ok()) {
    return Refuse(std::move(on_reply), status);
  }
  change.id = NewId();
  Proposal proposal{.id = change.id};
  proposal.change = std::make_unique<raft::ConfChange>(std::move(change));
  Add(std::move(proposal), 0, std::move(on_reply), caller);
}

base::Status Frontend::CheckRoom(size_t bytes) const {
  if (ended_) return base::errors::kStopped;
  const uint64_t committed = progress_->committed;
  const uint64_t applied = progress_->applied;
  const bool is_behind = committed > applied + kApplyGapMax;
  const bool is_full = pending_bytes_ + bytes + kWaiterBytes > pending_bytes_max_;
  return is_behind || is_full ? base::errors::kTooManyRequests : base::Status();
}

void Frontend::Add(Proposal proposal, uint32_t field, OnReply on_reply, const Caller& caller) {
  const runtime::TimePoint now = loop_->clock().Now();
  const uint64_t id = proposal.id;
  const size_t bytes = proposal.payload.size() + kWaiterBytes;
  proposal.deadline = std::min(now + timeout_, caller.deadline);
  proposal.term = caller.term;
  if (expiries_.empty()) expiry_timer_->Arm(timeout_);
  expiries_.push_back({now + timeout_, id});
  waiters_.emplace(id, Waiter{std::move(on_reply), field, bytes, now});
  pending_bytes_ += bytes;
  proposals_.push_back(std::move(proposal));
  metrics_.proposals_pending.Set(static_cast<double>(waiters_.size()));
  SendAtEndOfTurn();
}

apply::StateReads& Frontend::CurrentReads() {
  const std::shared_ptr<apply::State>& state = state_.Get();
  if (reads_ == nullptr || reads_->state() != state) {
    if (reads_ != nullptr) reads_->keys().EndTurn();
    reads_ = std::make_shared<apply::StateReads>(state);
  }
  return *reads_;
}

const std::shared_ptr<apply::StateReads>& Frontend::reads() {
  CurrentReads().keys().BeginTurn();
  if (!std::exchange(reading_, true)) {
    loop_->AtEndOfTurn([this] {
      reading_ = false;
      reads_->keys().EndTurn();
    });
  }
  return reads_;
}

void Frontend::SendAtEndOfTurn() {
  if (std::exchange(sending_, true)) return;
  loop_->AtEndOfTurn([this] {
    sending_ = false;
    if (!proposals_.empty()) SendProposals();
    if (!round_open_ && !next_reads_.empty()) StartRound();
  });
}

void Frontend::SendProposals() {
  parts_.replica->Propose({parts_.origin, std::exchange(proposals_, {})});
}

void Frontend::Refuse(OnReply on_reply, const base::Status& status) {
  loop_->Post([on_reply = std::move(on_reply), status]() mutable { on_reply({status}); });
}

void Frontend::Complete(std::vector<Completion> completions,
                        std::optional<base::Revision> changed) {
  if (changed.has_value()) {
    changed_ = changed->value();
    if (has_changed_.exchange(true) && completions.empty()) return;
  }
  loop_->Post([this, completions = std::move(completions)]() mutable {
    OnCompletions(completions);
    TellListener();
  });
}

void Frontend::Listen(OnChanged on_changed) {
  on_changed_ = on_changed ? std::make_shared<OnChanged>(std::move(on_changed)) : nullptr;
  parts_.apply_loop->Listen(parts_.origin, on_changed_ != nullptr);
}

void Frontend::TellListener() {
  if (!has_changed_.load(std::memory_order_relaxed)) return;
  has_changed_.exchange(false);
  // It may leave in this call.
  if (const auto listener = on_changed_; listener != nullptr) (*listener)(base::Revision(changed_));
}

void Frontend::OnCompletions(std::vector<Completion>& completions) {
  const runtime::TimePoint now = loop_->clock().Now();
  for (Completion& completion : completions) {
    auto waiter = waiters_.extract(completion.id);
    if (!waiter.empty()) End(waiter.mapped(), std::move(completion.reply), now, true);
  }
  metrics_.proposals_pending.Set(static_cast<double>(waiters_.size()));
  while (!expiries_.empty() && !waiters_.contains(expiries_.front().id)) expiries_.pop_front();
}

void Frontend::End(Waiter& waiter, apply::Reply reply, runtime::TimePoint now, bool was_applied) {
  pending_bytes_ -= waiter.bytes;
  // Compat: a request that apply has refused was a success; changes of members are not counted.
  if (waiter.field != 0) {
    metrics_.durations.Observe(waiter.field, was_applied, now - waiter.start);
  }
  waiter.on_reply(std::move(reply));
}

void Frontend::ExpireWaiters() {
  const runtime::TimePoint now = loop_->clock().Now();
  while (!expiries_.empty() && expiries_.front().at <= now) {
    auto waiter = waiters_.extract(expiries_.front().id);
    expiries_.pop_front();
    if (waiter.empty()) continue;
    metrics_.proposals_failed.Add();
    End(waiter.mapped(), {TimeoutOf(waiter.mapped().start)}, now, false);
  }
  if (!expiries_.empty()) expiry_timer_->Arm(expiries_.front().at - now);
}

// Compat: what has met no leader in all its time was never proposed, and ends as its deadline does.
// And as etcd guesses: about two election timeouts pass from a leader's loss to the next one's
// election.
base::Status Frontend::TimeoutOf(runtime::TimePoint start) const {
  const runtime::TimePoint lost{runtime::Duration(progress_->leader_lost)};
  if (progress_->leader == 0 && lost <= start) return base::errors::kDeadlineExceeded;
  const bool lost_leader =
      elected_.has_value() && start < *elected_ && start > *elected_ - 2 * election_timeout_;
  return lost_leader ? base::errors::kTimeoutDueToLeaderFailure : base::errors::kTimeout;
}

// Why reads ask again, where etcd ends them with kLeaderChanged: the new leader's index is just as
// good, and nothing is done twice.
void Frontend::OnElected() {
  loop_->Post([this] {
    elected_ = loop_->clock().Now();
    if (round_open_) AskForIndex();
  });
}

void Frontend::EndWaiting() {
  loop_->Post([this] { EndAll(); });
}

void Frontend::EndAll() {
  ended_ = true;
  const runtime::TimePoint now = loop_->clock().Now();
  for (auto& [id, waiter] : std::exchange(waiters_, {})) {
    metrics_.proposals_failed.Add();
    End(waiter, {base::errors::kStopped}, now, false);
  }
  expiries_.clear();
  metrics_.proposals_pending.Set(0);
  if (round_open_) EndRound(round_, base::errors::kStopped);
  for (WaitingRead& read : std::exchange(next_reads_, {})) read.on_read(base::errors::kStopped);
}

void Frontend::ReadIndex(OnRead on_read, uint64_t client) {
  if (ended_) {
    return loop_->Post(
        [on_read = std::move(on_read)]() mutable { on_read(base::errors::kStopped); });
  }
  next_reads_.push_back({std::move(on_read), client, loop_->clock().Now()});
  if (!round_open_) SendAtEndOfTurn();
}

void Frontend::StartRound() {
  round_open_ = true;
  ++round_;
  round_reads_ = std::exchange(next_reads_, {});
  // Those that came while another round went on have waited already.
  round_ends_ = round_reads_.front().start + timeout_;
  AskForIndex();
}

void Frontend::AskForIndex() {
  // If it is not taken it is asked again.
  (void)parts_.replica->ReadIndex([this, round = round_](base::Index index) {
    loop_->Post([this, round, index] { OnIndex(round, index); });
  });
  round_timer_->Arm(kReadRetry);
}

void Frontend::OnIndex(uint64_t round, base::Index index) {
  if (round != round_ || !round_open_) return;
  if (progress_->applied >= index.value()) return EndRound(round, {});
  parts_.apply_loop->WhenApplied(
      index, [this, round] { loop_->Post([this, round] { EndRound(round, {}); }); });
}

void Frontend::EndRound(uint64_t round, const base::Status& status) {
  if (round != round_ || !round_open_) return;
  round_open_ = false;
  round_timer_->Disarm();
  std::vector<WaitingRead> reads = std::exchange(round_reads_, {});
  if (status.ok()) {
    Confirm(std::move(reads));
  } else {
    for (WaitingRead& read : reads) read.on_read(status);
  }
  if (!next_reads_.empty()) SendAtEndOfTurn();
}

void Frontend::Confirm(std::vector<WaitingRead> reads) {
  const bool some_wait = !confirmed_reads_.empty();
  for (WaitingRead& read : reads) confirmed_reads_.Add(read.client, std::move(read.on_read));
  if (!some_wait) LetReadsIn();
}

void Frontend::LetReadsIn() {
  const runtime::TimePoint end = loop_->clock().Now() + runtime::kSliceTime;
  for (size_t count = 1; count <= kReadsOfSlice && !confirmed_reads_.empty(); ++count) {
    confirmed_reads_.Take()({});
    if (count % kReadsBetweenLooks == 0 && loop_->clock().Now() >= end) break;
  }
  // Why not a slice: those of large answers and long reads are many, and this is only their start.
  if (!confirmed_reads_.empty()) loop_->Post([this] { LetReadsIn(); });
}

void Frontend::OnRoundTimer() {
  if (loop_->clock().Now() >= round_ends_) {
    metrics_.reads_failed.Add();
    metrics_.reads_slow.Add();
    return EndRound(round_, base::errors::kTimeout);
  }
  metrics_.reads_slow.Add();
  AskForIndex();
}

}  // namespace server
