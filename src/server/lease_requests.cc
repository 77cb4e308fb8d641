#include "server/lease_requests.h"

#include <algorithm>
#include <utility>

#include "proto/raft_internal.pb.h"
#include "server/lease_keeper.h"
#include "server/planted.h"
#include "server/replica.h"
#include "state/leases/leases.h"

namespace server {
namespace {

using base::Planted;
using etcdserverpb::InternalRaftRequest;

// Heartbeats that a leader's raft loop may have missed.
constexpr int kTicksMissedMax = 3;

template <typename Number>
void Raise(std::atomic<Number>* value, Number to) {
  Number known = *value;
  while (known < to && !value->compare_exchange_weak(known, to)) {
  }
}

}  // namespace

struct LeaseRequests::Renewal {
  base::LeaseId id;
  runtime::TimePoint deadline;
  OnRenewed done;
  bool is_here_only = false;  // another member asks
  bool has_waited = false;    // until what was committed is applied
  bool is_confirmed = false;  // that this member still leads
  uint64_t cleared = 0;       // see LeaseKeeper::Renew
};

struct LeaseRequests::Question {
  base::LeaseId id;
  bool keys;
  runtime::TimePoint deadline;
  OnTimes done;
  bool is_here_only = false;
};

LeaseRequests::LeaseRequests(const Options& options, const Environment& environment,
                             const Parts& parts)
    : options_(options),
      environment_(environment),
      parts_(parts),
      listing_(environment, parts.apply_loop, parts.keeper),
      timer_(environment.apply_loop->NewTimer([this] { RunDelayed(); })) {}

LeaseRequests::~LeaseRequests() = default;

// Compat: a leader whose raft loop stands still does not trust itself either.
bool LeaseRequests::IsConfirmed() const {
  if (Planted(PlantedBug::kRenewUnconfirmed)) return true;
  const Progress& progress = *parts_.progress;
  const uint64_t term = confirmed_term_;
  // Whom it has told to campaign may have been elected since, at any moment.
  if (progress.handed_over == progress.term) return false;
  const runtime::TimePoint ticked{runtime::Duration(progress.ticked)};
  const runtime::TimePoint confirmed{runtime::Duration(confirmed_)};
  const runtime::TimePoint now = Now();
  const std::chrono::milliseconds promised{progress.vote_lease_ms};
  return now - confirmed < promised &&
         now - ticked <= kTicksMissedMax * options_.heartbeat_interval && leads() &&
         progress.term == term;
}

// Why not the frontend's rounds: these wait for the apply loop, too.
void LeaseRequests::ConfirmAhead() {
  const runtime::TimePoint now = Now();
  const int64_t count = now.time_since_epoch().count();
  int64_t asked = asked_ahead_;
  const runtime::TimePoint confirmed{runtime::Duration(confirmed_)};
  if (now - confirmed < options_.election_timeout / 2 ||
      now - runtime::TimePoint(runtime::Duration(asked)) < options_.election_timeout / 4 ||
      !asked_ahead_.compare_exchange_strong(asked, count)) {
    return;
  }
  const uint64_t term = parts_.progress->term;
  // One that is not taken, or lost, is made again.
  (void)parts_.replica->ReadIndex([this, now, term](base::Index) { OnConfirmed(now, term); });
}

// Why the term comes last, here and where both are read: a time that was confirmed in a later term
// than the one beside it counts for nothing.
void LeaseRequests::OnConfirmed(runtime::TimePoint asked, uint64_t term) {
  if (!leads() || parts_.progress->term != term) return;
  Raise(&confirmed_, asked.time_since_epoch().count());
  Raise(&confirmed_term_, term);
}

// Whoever was told that the lease is revoked, by any member, was told after the leader had it
// committed. Why it renews even though it may not say so: the lease must not run out while this
// member applies what is before.
//
// Why it looks whether it leads after it has renewed: a process that stands still between the
// two goes on with the look.
std::optional<int64_t> LeaseRequests::TryRenew(base::LeaseId id) {
  if (!options_.fast_lease_keep_alive) return std::nullopt;
  const uint64_t committed = parts_.progress->committed;
  const bool is_applied =
      parts_.progress->applied >= committed || Planted(PlantedBug::kRenewBehindTheLog);
  const LeaseKeeper::Renewal renewal = parts_.keeper->Renew(id);
  if (renewal.outcome != LeaseKeeper::Renewal::Outcome::kRenewed) return std::nullopt;
  ConfirmAhead();
  if (!is_applied || !IsConfirmed()) return std::nullopt;
  parts_.keeper->CountRenewal();
  return renewal.ttl;
}

void LeaseRequests::Renew(base::LeaseId id, const Caller& caller, OnRenewed on_renewed) {
  auto renewal = std::make_shared<Renewal>(Renewal{
      id, std::min(caller.deadline, Now() + options_.request_timeout()), std::move(on_renewed)});
  Add(std::move(renewal), [this](const auto& begun) { Step(begun); });
}

void LeaseRequests::RenewHere(base::LeaseId id, OnRenewed on_renewed) {
  auto renewal = std::make_shared<Renewal>(Renewal{id, Now() + options_.request_timeout(),
                                                   std::move(on_renewed), /*is_here_only=*/true});
  Add(std::move(renewal), [this](const std::shared_ptr<Renewal>& begun) {
    begun->has_waited = true;
    WhenApplied([this, begun](const base::Status& status) {
      if (!status.ok()) return End(begun, status);
      StepHere(begun);
    });
  });
}

template <typename Request, typename Begin>
void LeaseRequests::Add(std::shared_ptr<Request> request, Begin begin) {
  environment_.apply_loop->Post([this, request = std::move(request), begin] {
    ++pending_;
    if (pending_ > kPendingMax) return End(request, base::Status(base::errors::kTooManyRequests));
    begin(request);
  });
}

template <typename Request, typename Answer>
void LeaseRequests::End(const std::shared_ptr<Request>& request, Answer answer) {
  --pending_;
  request->done(std::move(answer));
}

void LeaseRequests::Step(const std::shared_ptr<Renewal>& renewal) {
  if (!leads()) return AskLeader(renewal);
  if (renewal->has_waited) return StepHere(renewal);
  renewal->has_waited = true;
  WhenApplied([this, renewal](const base::Status& status) {
    if (!status.ok()) return End(renewal, status);
    StepHere(renewal);
  });
}

void LeaseRequests::StepHere(const std::shared_ptr<Renewal>& renewal) {
  using Outcome = LeaseKeeper::Renewal::Outcome;
  const LeaseKeeper::Renewal renewed = parts_.keeper->Renew(renewal->id, renewal->cleared);
  switch (renewed.outcome) {
    case Outcome::kRenewed:
      return Confirm(renewal, renewed.ttl);
    case Outcome::kCheckpointed:
      return ClearCheckpoint(renewal);
    case Outcome::kUnknown:
      // It may have been granted by the log and not be applied, or by another leader.
      if (!renewal->is_confirmed) return FindOut(renewal);
      return End(renewal, base::Status(base::errors::kLeaseNotFound));
    case Outcome::kRunOut:
      if (parts_.keeper->WhenSettled(renewal->id, [this, renewal] { StepHere(renewal); })) return;
      return End(renewal, base::Status(base::errors::kTooManyRequests));
    case Outcome::kNotLeader:
      return GoOnElsewhere(renewal);
  }
}

void LeaseRequests::Confirm(const std::shared_ptr<Renewal>& renewal, int64_t ttl) {
  if (renewal->is_confirmed || IsConfirmed()) {
    ConfirmAhead();
    parts_.keeper->CountRenewal();
    return End(renewal, ttl);
  }
  FindOut(renewal);
}

void LeaseRequests::FindOut(const std::shared_ptr<Renewal>& renewal) {
  const uint64_t term = parts_.progress->term;
  parts_.frontend->ReadIndex([this, renewal, asked = Now(), term](const base::Status& status) {
    if (!status.ok()) return End(renewal, status);
    if (!leads()) return GoOnElsewhere(renewal);
    OnConfirmed(asked, term);
    renewal->is_confirmed = true;
    StepHere(renewal);
  });
}

void LeaseRequests::GoOnElsewhere(const std::shared_ptr<Renewal>& renewal) {
  if (renewal->is_here_only) return End(renewal, base::Status(kNotPrimary));
  renewal->is_confirmed = false;
  TryLater(renewal);
}

void LeaseRequests::ClearCheckpoint(const std::shared_ptr<Renewal>& renewal) {
  etcdserverpb::LeaseCheckpointRequest request;
  request.add_checkpoints()->set_id(renewal->id.value());
  const uint64_t proposed = parts_.keeper->checkpoints_proposed();
  parts_.frontend->Propose(InternalRaftRequest::kLeaseCheckpointFieldNumber,
                           request.SerializeAsString(),
                           [this, renewal, proposed](const apply::Reply& reply) {
                             if (!reply.status.ok()) return End(renewal, reply.status);
                             renewal->cleared = proposed;
                             StepHere(renewal);
                           },
                           {.deadline = renewal->deadline});
}

template <typename Request>
void LeaseRequests::TryLater(const std::shared_ptr<Request>& request) {
  if (Now() + kRetryPause >= request->deadline) {
    const bool has_leader = parts_.progress->leader != 0;
    return End(request,
               base::Status(has_leader ? base::errors::kTimeout : base::errors::kNoLeader));
  }
  After(kRetryPause, [this, request] { Step(request); });
}

template <typename Request>
std::optional<base::MemberId> LeaseRequests::LeaderFor(const std::shared_ptr<Request>& request) {
  const base::MemberId leader(parts_.progress->leader);
  if (leader == base::MemberId() || leader == parts_.self || environment_.transport == nullptr) {
    TryLater(request);
    return std::nullopt;
  }
  return leader;
}

void LeaseRequests::AskLeader(const std::shared_ptr<Renewal>& renewal) {
  const std::optional<base::MemberId> leader = LeaderFor(renewal);
  if (!leader.has_value()) return;
  environment_.transport->RenewLease(
      *leader, renewal->id, renewal->deadline,
      [this, loop = environment_.apply_loop, renewal](base::Result<int64_t> ttl) {
        loop->Post([this, renewal, ttl = std::move(ttl)] {
          if (ttl.ok() || ttl.status() == base::errors::kLeaseNotFound) return End(renewal, ttl);
          TryLater(renewal);
        });
      });
}

void LeaseRequests::TimeToLive(base::LeaseId id, bool keys, const Caller& caller,
                               OnTimes on_times) {
  auto question = std::make_shared<Question>(
      Question{id, keys, std::min(caller.deadline, Now() + options_.request_timeout()),
               std::move(on_times)});
  Add(std::move(question), [this](const auto& begun) { Step(begun); });
}

void LeaseRequests::TimeToLiveHere(base::LeaseId id, bool keys, OnTimes on_times) {
  auto question = std::make_shared<Question>(Question{id, keys, Now() + options_.request_timeout(),
                                                      std::move(on_times), /*is_here_only=*/true});
  Add(std::move(question), [this](const auto& begun) { AnswerHere(begun); });
}

void LeaseRequests::Step(const std::shared_ptr<Question>& question) {
  if (leads()) return AnswerHere(question);
  AskLeader(question);
}

void LeaseRequests::AnswerHere(const std::shared_ptr<Question>& question) {
  WhenApplied([this, question](const base::Status& status) {
    if (!status.ok()) return End(question, status);
    const leases::Leases& leases = parts_.apply_loop->leases();
    const std::optional<leases::Lease> lease = leases.Find(question->id);
    if (!lease.has_value()) return End(question, base::Status(base::errors::kLeaseNotFound));
    const auto ends = parts_.keeper->EndsOf({question->id});
    if (!ends.has_value()) {
      if (!question->is_here_only) return TryLater(question);  // whoever will know it then
      return End(question, base::Status(base::errors::kLeaderChanged));
    }
    LeaseTimes times{
        std::chrono::duration_cast<std::chrono::seconds>(ends->front() - Now()).count(),
        lease->ttl};
    if (question->keys) times.keys = leases.Keys(question->id);
    End(question, std::move(times));
  });
}

void LeaseRequests::AskLeader(const std::shared_ptr<Question>& question) {
  const std::optional<base::MemberId> leader = LeaderFor(question);
  if (!leader.has_value()) return;
  environment_.transport->AskLease(
      *leader, question->id, question->keys, question->deadline,
      [this, loop = environment_.apply_loop, question](base::Result<LeaseTimes> times) {
        loop->Post([this, question, times = std::move(times)]() mutable {
          if (times.ok() || times.status() == base::errors::kLeaseNotFound) {
            return End(question, std::move(times));
          }
          TryLater(question);
        });
      });
}

void LeaseRequests::List(LeaseListing::OnList on_list) {
  environment_.apply_loop->Post([this, on_list = std::move(on_list)]() mutable {
    WhenApplied([this, on_list = std::move(on_list)](const base::Status&) mutable {
      listing_.Ask(std::move(on_list));
    });
  });
}

void LeaseRequests::WhenApplied(base::Callback<void(const base::Status& status)> done) {
  const base::Index index(parts_.progress->committed);
  if (base::Index(parts_.progress->applied) >= index) return done({});
  const auto waiting =
      std::make_shared<base::Callback<void(const base::Status& status)>>(std::move(done));
  const auto end = [waiting](const base::Status& status) {
    if (*waiting) std::exchange(*waiting, nullptr)(status);
  };
  parts_.apply_loop->WhenApplied(index, [end] { end({}); });
  After(kApplyTimeout, [end] { end(base::errors::kTimeoutWaitAppliedIndex); });
}

void LeaseRequests::After(runtime::Duration delay, base::Callback<void()> task) {
  const runtime::TimePoint at = Now() + delay;
  if (delayed_.empty() || at < delayed_.begin()->first) timer_->Arm(delay);
  delayed_.emplace(at, std::move(task));
}

void LeaseRequests::RunDelayed() {
  const runtime::TimePoint now = Now();
  while (!delayed_.empty() && delayed_.begin()->first <= now) {
    delayed_.extract(delayed_.begin()).mapped()();
  }
  if (!delayed_.empty()) timer_->Arm(delayed_.begin()->first - now);
}

}  // namespace server
