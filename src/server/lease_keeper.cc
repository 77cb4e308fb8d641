#include "server/lease_keeper.h"

#include <algorithm>
#include <string>

#include "base/coverage_mark.h"
#include "base/errors.h"
#include "base/lease_text.h"
#include "proto/raft_internal.pb.h"
#include "server/planted.h"
#include "state/leases/leases.h"

// Why a lock, where loops hand work to each other elsewhere: renewals are the most frequent of all
// requests where many clients hold leases, each is a step in a table, and none may wait behind the
// entries that are being applied.
//
// Why leases are revoked one by one and at a pace: what others ask for goes through the same log,
// and must not wait behind a million of them. The pace is more than a disk that syncs in some
// milliseconds needs for all of them in two minutes; on a slower one the bound of what is under way
// makes it slower too.
//
// Why an observer hears of a revoke before the keys go: whoever has seen that they are gone will
// not be told of a renewal that came after.

namespace server {
namespace {

using base::Planted;
using etcdserverpb::InternalRaftRequest;

constexpr runtime::TimePoint kNever = runtime::TimePoint::max();
// Before a revoke that was refused is tried again.
constexpr runtime::Duration kRetryPause = LeaseKeeper::kCheckInterval;

constexpr observe::Family kGranted = {"etcd_debugging_lease_granted_total", "Leases granted."};
constexpr observe::Family kRevoked = {"etcd_debugging_lease_revoked_total", "Leases revoked."};
constexpr observe::Family kRenewed = {"etcd_debugging_lease_renewed_total",
                                      "Leases renewed by this member as a leader."};
constexpr observe::Family kTtl = {"etcd_debugging_lease_ttl_total",
                                  "Lifetimes of leases that were granted."};
constexpr observe::Family kExpired = {"etcd_debugging_server_lease_expired_total",
                                      "Leases that ran out."};

}  // namespace

runtime::Duration LeaseTime(int64_t seconds) {
  return std::chrono::seconds(std::clamp<int64_t>(seconds, 0, leases::kTtlMax));
}

LeaseKeeper::LeaseKeeper(const Options& options, const Environment& environment,
                         base::MemberId self, const Progress* progress)
    : options_(options),
      environment_(environment),
      self_(self),
      progress_(*progress),
      timer_(environment.apply_loop->NewTimer([this] { OnTimer(); })),
      granted_(environment.registry->AddCounter(kGranted)),
      revoked_(environment.registry->AddCounter(kRevoked)),
      ttls_(environment.registry->AddHistogram(kTtl, observe::Buckets::Exponential(1, 2, 24))),
      expired_(environment.registry->AddCounter(kExpired)),
      renewed_(environment.registry->AddCounter(kRenewed)) {}

LeaseKeeper::~LeaseKeeper() = default;

void LeaseKeeper::Start(Frontend* frontend) {
  frontend_ = frontend;
  timer_->Arm(kCheckInterval);
}

bool LeaseKeeper::LeadsIn(base::Term term) const {
  return term != base::Term() && progress_.leader == self_.value() &&
         progress_.term == term.value();
}

void LeaseKeeper::Promote(base::Term term, const leases::Leases& leases) {
  if (!LeadsIn(term) || term == term_) return;
  if (takeover_.has_value() && takeover_->term == term) return;
  Demote();
  takeover_.emplace(Takeover{.term = term,
                             .leases = leases,
                             .began = environment_.apply_loop->clock().Now(),
                             .last = std::nullopt,
                             .ends = std::nullopt});
  if (leases.size() >= static_cast<size_t>(kEndsOfSecond)) {
    constexpr runtime::Duration kApart = runtime::Duration(std::chrono::seconds(1)) / kEndsOfSecond;
    takeover_->ends.emplace(takeover_->began, kApart);
  }
  TakeMore();
}

// What entries do to leases meanwhile comes by the observer: to those that are taken, and to new
// ones. The others are taken as the entries have left them.
void LeaseKeeper::TakeMore() {
  if (!takeover_.has_value()) return;
  if (!LeadsIn(takeover_->term)) return Demote();
  const std::vector<base::LeaseId> ids = takeover_->leases.IdsAfter(takeover_->last, kTakenOfTurn);
  const std::lock_guard lock(mutex_);
  for (const base::LeaseId id : ids) {
    takeover_->last = id;
    const leases::Lease lease = *takeover_->leases.Find(id);
    const auto [at, is_new] =
        table_.emplace(id, Kept{lease.ttl, lease.remaining_ttl, 0, kNever, kNever, kNever});
    if (!is_new) continue;
    const runtime::TimePoint end = FirstEndOf(lease);
    SetEnd(at, takeover_->ends.has_value() ? takeover_->ends->Take(end) : end);
    if (Planted(PlantedBug::kNewLeaderLetsNoneRunOut)) SetDue(at, kNever);
    ScheduleCheckpoint(at, takeover_->began);
  }
  if (ids.size() == kTakenOfTurn) {
    return environment_.apply_loop->Post([this] { TakeMore(); });
  }
  term_ = takeover_->term;
  base::Mark<"leases: a leader has taken them over">();
  takeover_.reset();
}

// Of a lease that is taken over.
runtime::TimePoint LeaseKeeper::FirstEndOf(const leases::Lease& lease) const {
  const bool has_checkpoint =
      lease.remaining_ttl > 0 && !Planted(PlantedBug::kNewLeaderIgnoresCheckpoints);
  int64_t left = has_checkpoint ? lease.remaining_ttl : lease.ttl;
  if (Planted(PlantedBug::kNewLeaderGivesNoTime)) left = 0;
  return takeover_->began + LeaseTime(left) + options_.election_timeout;
}

void LeaseKeeper::OnLeaderChanged() {
  if (takeover_.has_value() && !LeadsIn(takeover_->term)) return Demote();
  if (term_ != base::Term() && !Leads()) Demote();
}

// What it had may be much: it is destroyed without the lock.
void LeaseKeeper::Demote() {
  takeover_.reset();
  Table table;
  Order by_due;
  Order by_checkpoint;
  std::vector<base::Callback<void()>> settled;
  {
    const std::lock_guard lock(mutex_);
    term_ = base::Term();
    table.swap(table_);
    by_due.swap(by_due_);
    by_checkpoint.swap(by_checkpoint_);
    for (auto& [id, waiter] : waiters_) settled.push_back(std::move(waiter));
    waiters_.clear();
  }
  RunSoon(std::move(settled));
}

void LeaseKeeper::RunSoon(std::vector<base::Callback<void()>> tasks) {
  if (tasks.empty()) return;
  environment_.apply_loop->Post([tasks = std::move(tasks)]() mutable {
    for (base::Callback<void()>& task : tasks) task();
  });
}

void LeaseKeeper::OnGranted(const leases::Lease& lease) {
  granted_.Add();
  ttls_.Observe(static_cast<double>(lease.ttl));
  if (term_ == base::Term() && !takeover_.has_value()) return;
  const runtime::TimePoint now = environment_.apply_loop->clock().Now();
  const std::lock_guard lock(mutex_);
  const auto at = table_.emplace(lease.id, Kept{lease.ttl, 0, 0, kNever, kNever, kNever}).first;
  SetEnd(at, now + LeaseTime(lease.ttl));
  ScheduleCheckpoint(at, now);
}

void LeaseKeeper::OnRevoking(base::LeaseId id) {
  revoked_.Add();
  std::vector<base::Callback<void()>> settled;
  {
    const std::lock_guard lock(mutex_);
    const auto at = table_.find(id);
    if (at == table_.end()) return;
    SetDue(at, kNever);
    SetCheckpoint(at, kNever);
    table_.erase(at);
    const auto [first, last] = waiters_.equal_range(id);
    for (auto each = first; each != last; ++each) settled.push_back(std::move(each->second));
    waiters_.erase(first, last);
  }
  RunSoon(std::move(settled));
}

void LeaseKeeper::OnCheckpointed(const leases::Lease& lease) {
  const runtime::TimePoint now = environment_.apply_loop->clock().Now();
  const std::lock_guard lock(mutex_);
  const auto at = table_.find(lease.id);
  if (at == table_.end()) return;
  at->second.remaining_ttl = lease.remaining_ttl;
  ScheduleCheckpoint(at, now);
}

LeaseKeeper::Renewal LeaseKeeper::Renew(base::LeaseId id, uint64_t cleared) {
  const runtime::TimePoint now = environment_.apply_loop->clock().Now();
  const std::lock_guard lock(mutex_);
  if (!Leads()) return {Renewal::Outcome::kNotLeader};
  const auto at = table_.find(id);
  if (at == table_.end()) return {Renewal::Outcome::kUnknown};
  if (at->second.end <= now && !Planted(PlantedBug::kRenewWhatHasRunOut)) {
    base::Mark<"leases: a renewal comes too late">();
    return {Renewal::Outcome::kRunOut};
  }
  const bool has_checkpoint = at->second.remaining_ttl > 0 || at->second.proposed > cleared;
  if (options_.lease_checkpoints && has_checkpoint &&
      !Planted(PlantedBug::kRenewalKeepsCheckpoint)) {
    base::Mark<"leases: a renewal has to clear a checkpoint first">();
    return {Renewal::Outcome::kCheckpointed};
  }
  at->second.proposed = 0;
  SetEnd(at, now + LeaseTime(at->second.ttl));
  return {Renewal::Outcome::kRenewed, at->second.ttl};
}

void LeaseKeeper::CountRenewal() {
  const std::lock_guard lock(mutex_);
  renewed_.Add();
}

bool LeaseKeeper::WhenSettled(base::LeaseId id, base::Callback<void()> settled) {
  {
    const std::lock_guard lock(mutex_);
    if (Leads() && table_.contains(id)) {
      if (waiters_.size() >= kWaitersMax) return false;
      waiters_.emplace(id, std::move(settled));
      base::Mark<"leases: whoever hears that one is gone waits for that">();
      return true;
    }
  }
  environment_.apply_loop->Post(std::move(settled));
  return true;
}

std::optional<std::vector<runtime::TimePoint>> LeaseKeeper::EndsOf(
    const std::vector<base::LeaseId>& ids) const {
  constexpr size_t kUnderOneLock = 256;
  std::vector<runtime::TimePoint> ends;
  ends.reserve(ids.size());
  while (true) {
    const std::lock_guard lock(mutex_);
    if (!Leads()) return std::nullopt;
    const size_t stop = std::min(ids.size(), ends.size() + kUnderOneLock);
    while (ends.size() < stop) {
      const auto at = table_.find(ids[ends.size()]);
      ends.push_back(at == table_.end() ? kNever : at->second.end);
    }
    if (stop == ids.size()) return ends;
  }
}

void LeaseKeeper::SetEnd(Table::iterator at, runtime::TimePoint end) {
  at->second.end = end;
  SetDue(at, end);
}

void LeaseKeeper::SetDue(Table::iterator at, runtime::TimePoint due) {
  by_due_.erase({at->second.due, at->first});
  at->second.due = due;
  if (due != kNever) by_due_.insert({due, at->first});
}

void LeaseKeeper::SetCheckpoint(Table::iterator at, runtime::TimePoint checkpoint) {
  by_checkpoint_.erase({at->second.checkpoint, at->first});
  at->second.checkpoint = checkpoint;
  if (checkpoint != kNever) by_checkpoint_.insert({checkpoint, at->first});
}

void LeaseKeeper::ScheduleCheckpoint(Table::iterator at, runtime::TimePoint now) {
  const Kept& kept = at->second;
  const int64_t left = kept.remaining_ttl > 0 ? kept.remaining_ttl : kept.ttl;
  const bool worth =
      options_.lease_checkpoints && LeaseTime(left) > options_.lease_checkpoint_interval;
  SetCheckpoint(at, worth ? now + options_.lease_checkpoint_interval : kNever);
}

void LeaseKeeper::OnTimer() {
  OnLeaderChanged();
  const size_t room = kRevokesUnderWayMax - revokes_under_way_;
  const std::vector<base::LeaseId> due = TakeDue(std::min(kRevokesOfInterval, room));
  for (const base::LeaseId id : due) Revoke(id);
  if (options_.lease_checkpoints) ProposeCheckpoints();
  timer_->Arm(revokes_under_way_ > 0 ? kRevokeInterval : kCheckInterval);
}

std::vector<base::LeaseId> LeaseKeeper::TakeDue(size_t count) {
  const runtime::TimePoint now = environment_.apply_loop->clock().Now();
  std::vector<base::LeaseId> due;
  const std::lock_guard lock(mutex_);
  if (!Leads()) return due;
  while (due.size() < count && !by_due_.empty() && by_due_.begin()->first <= now) {
    due.push_back(by_due_.begin()->second);
    SetDue(table_.find(due.back()), kNever);
  }
  return due;
}

void LeaseKeeper::Revoke(base::LeaseId id) {
  etcdserverpb::LeaseRevokeRequest request;
  request.set_id(id.value());
  ++revokes_under_way_;
  // Compat: as long as nobody needs to say who he is, nor does the member.
  const bool is_asked = frontend_->judge().view().enabled;
  frontend_->Propose(
      InternalRaftRequest::kLeaseRevokeFieldNumber, request.SerializeAsString(),
      [this, id, term = term_](const apply::Reply& reply) { OnRevoked(id, term, reply.status); },
      {.identity = is_asked ? MemberItself() : auth::Identity(), .term = term_});
}

void LeaseKeeper::OnRevoked(base::LeaseId id, base::Term term, const base::Status& status) {
  --revokes_under_way_;
  if (status.ok()) return expired_.Add();
  if (status == base::errors::kStopped || status == base::errors::kLeaseNotFound) return;
  base::Mark<"leases: a revoke of what has run out is refused">();
  environment_.logger->Warn("failed to revoke lease", {{"lease-id", base::LeaseText(id.value())},
                                                       {"error", status.message()}});
  const runtime::TimePoint now = environment_.apply_loop->clock().Now();
  const std::lock_guard lock(mutex_);
  const auto at = table_.find(id);
  if (term == term_ && at != table_.end() && at->second.due == kNever) {
    SetDue(at, now + kRetryPause);
  }
}

void LeaseKeeper::ProposeCheckpoints() {
  if (checkpoints_under_way_) return;
  etcdserverpb::LeaseCheckpointRequest request;
  {
    const runtime::TimePoint now = environment_.apply_loop->clock().Now();
    const std::lock_guard lock(mutex_);
    if (!Leads()) return;
    while (request.checkpoints_size() < static_cast<int>(kCheckpointsOfEntry) &&
           !by_checkpoint_.empty() && by_checkpoint_.begin()->first <= now) {
      const auto at = table_.find(by_checkpoint_.begin()->second);
      SetCheckpoint(at, kNever);
      const auto left = std::chrono::ceil<std::chrono::seconds>(at->second.end - now).count();
      // It was renewed a moment ago, and may be so no more.
      if (left >= at->second.ttl) ScheduleCheckpoint(at, now);
      if (left <= 0 || left >= at->second.ttl) continue;
      etcdserverpb::LeaseCheckpoint* const checkpoint = request.add_checkpoints();
      checkpoint->set_id(at->first.value());
      checkpoint->set_remaining_ttl(left);
      at->second.proposed = checkpoints_proposed_ + 1;
    }
  }
  if (request.checkpoints_size() == 0) return;
  ++checkpoints_proposed_;
  checkpoints_under_way_ = true;
  const base::Bytes encoded = request.SerializeAsString();
  frontend_->Propose(InternalRaftRequest::kLeaseCheckpointFieldNumber, encoded,
                     [this, request = std::move(request)](const apply::Reply& reply) {
                       checkpoints_under_way_ = false;
                       if (!reply.status.ok() && reply.status != base::errors::kStopped)
                         Reschedule(request);
                     },
                     {.term = term_});
}

void LeaseKeeper::Reschedule(const etcdserverpb::LeaseCheckpointRequest& request) {
  const runtime::TimePoint now = environment_.apply_loop->clock().Now();
  const std::lock_guard lock(mutex_);
  for (const etcdserverpb::LeaseCheckpoint& checkpoint : request.checkpoints()) {
    const auto at = table_.find(base::LeaseId(checkpoint.id()));
    if (at != table_.end()) ScheduleCheckpoint(at, now);
  }
}

}  // namespace server
