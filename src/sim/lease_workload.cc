#include "sim/lease_workload.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/check.h"
#include "base/errors.h"
#include "proto/rpc.pb.h"
#include "state/leases/leases.h"

namespace sim {
namespace {

// Short, so that leases run out within a run.
constexpr uint64_t kTtlMin = 1;
constexpr uint64_t kTtlMax = 6;
// When a lease's time is over it is soon revoked.
constexpr runtime::Duration kRevokedWithin = std::chrono::milliseconds(700);
// How many leases are looked at, and revoked at a time.
constexpr size_t kRecent = 30;
constexpr int kRevokedAtOnce = 3;
// Of so many leases clients revoke none: it is gone only when its time is over.
constexpr int64_t kNotRevokedOf = 3;
// Renewals of a lease that is gone.
constexpr int kRenewalsInVain = 6;

template <typename Response>
Response Parsed(const Client::Answer& answer) {
  Response response;
  CHECK(response.ParseFromArray(answer.reply.data(), static_cast<int>(answer.reply.size())));
  return response;
}

}  // namespace

LeaseWorkload::LeaseWorkload(runtime::simulated::Scheduler* scheduler, Checker* checker, Ask ask)
    : scheduler_(*scheduler),
      clock_(scheduler->clock()),
      random_(scheduler->random()),
      checker_(*checker),
      ask_(std::move(ask)),
      loop_(scheduler->NewLoop("leases")) {}

void LeaseWorkload::Act() {
  const int64_t id = Draw();
  const uint64_t kind = random_.Below(10);
  // Where the leader changes others may have more time than was told, and then keep it.
  for (const int64_t ended : Held({})) {
    if (random_.OneIn(2)) Renew(ended);
  }
  if (id == 0 || kind < 2) return Grant();
  if (kind == 2 && id % kNotRevokedOf != 0) return Revoke(id);
  Renew(id);
}

void LeaseWorkload::RevokeSome() {
  int revoked = 0;
  for (const int64_t id : Held(runtime::Duration::max())) {
    if (id % kNotRevokedOf == 0 || leases_[id].revoked != kNever) continue;
    Revoke(id);
    if (++revoked == kRevokedAtOnce) return;
  }
}

// One of the last few.
int64_t LeaseWorkload::Draw() {
  if (count_ == 0) return 0;
  return count_ - static_cast<int64_t>(random_.Below(std::min<uint64_t>(count_, 8)));
}

std::vector<int64_t> LeaseWorkload::Held(runtime::Duration left_max) const {
  const runtime::TimePoint now = clock_.Now();
  std::vector<int64_t> held;
  size_t seen = 0;
  for (auto at = leases_.rbegin(); at != leases_.rend() && seen < kRecent; ++at, ++seen) {
    const Lease& lease = at->second;
    const bool may_be_there = lease.gone == kNever && now < lease.until + kRevokedWithin;
    if (may_be_there && lease.until - now <= left_max) held.push_back(at->first);
  }
  return held;
}

void LeaseWorkload::Grant() {
  const int64_t id = ++count_;
  etcdserverpb::LeaseGrantRequest request;
  request.set_id(id);
  request.set_ttl(static_cast<int64_t>(random_.Between(kTtlMin, kTtlMax)));
  ask_("/etcdserverpb.Lease/LeaseGrant", request.SerializeAsString(),
       [this, id, asked = clock_.Now()](const Client::Answer& answer) {
         if (!answer.status.ok()) return;
         const auto granted = Parsed<etcdserverpb::LeaseGrantResponse>(answer);
         Lease& lease = leases_[id];
         lease.granted = clock_.Now();
         lease.until = std::max(lease.until, asked + std::chrono::seconds(granted.ttl()));
         OnFound(id, asked);
         RenewLate(id);
       });
}

void LeaseWorkload::Revoke(int64_t id) {
  const runtime::TimePoint asked = clock_.Now();
  Lease& lease = leases_[id];
  lease.revoked = std::min(lease.revoked, asked);
  etcdserverpb::LeaseRevokeRequest request;
  request.set_id(id);
  ask_("/etcdserverpb.Lease/LeaseRevoke", request.SerializeAsString(),
       [this, id, asked](const Client::Answer& answer) {
         if (answer.status == base::errors::kLeaseNotFound) return OnNotFound(id, asked);
         if (!answer.status.ok()) return;
         OnFound(id, asked);
         OnGone(id);
       });
}

void LeaseWorkload::Renew(int64_t id) {
  etcdserverpb::LeaseKeepAliveRequest request;
  request.set_id(id);
  ask_("/etcdserverpb.Lease/LeaseKeepAlive", request.SerializeAsString(),
       [this, id, asked = clock_.Now(),
        was_gone = leases_[id].gone != kNever](const Client::Answer& answer) {
         if (!answer.status.ok()) return;
         const auto renewed = Parsed<etcdserverpb::LeaseKeepAliveResponse>(answer);
         checker_.trace().Add(id, renewed.ttl());
         if (renewed.ttl() <= 0) return OnNotFound(id, asked);
         if (was_gone) Fail(id, "was renewed after it was gone");
         Lease& lease = leases_[id];
         lease.until = std::max(lease.until, asked + std::chrono::seconds(renewed.ttl()));
         // etcd makes the header before it renews.
         lease.renewed_behind =
             std::max(lease.renewed_behind, base::Revision(renewed.header().revision()));
         OnFound(id, asked);
       });
}

void LeaseWorkload::RenewLate(int64_t id) {
  const runtime::TimePoint until = leases_[id].until;
  const auto late = random_.Below(static_cast<uint64_t>(kRevokedWithin.count()));
  const runtime::TimePoint then = until + runtime::Duration(late);
  scheduler_.RunAt(then, loop_.get(), [this, id, until] {
    const Lease& lease = leases_[id];
    if (lease.gone != kNever) return;
    lease.until == until ? Renew(id) : RenewLate(id);
  });
}

void LeaseWorkload::OnFound(int64_t id, runtime::TimePoint asked) {
  Lease& lease = leases_[id];
  lease.found = std::max(lease.found, asked);
  Check(id, lease);
}

// One that was asked for before anybody knew that the lease is there may have come before it.
void LeaseWorkload::OnNotFound(int64_t id, runtime::TimePoint asked) {
  if (asked > leases_[id].granted) OnGone(id);
}

void LeaseWorkload::OnGone(int64_t id) {
  Lease& lease = leases_[id];
  if (lease.gone != kNever) return;
  lease.gone = clock_.Now();
  Check(id, lease);
  for (int i = 0; i < kRenewalsInVain; ++i) Renew(id);
}

void LeaseWorkload::OnKeysGone(int64_t id, base::Revision at, runtime::TimePoint told) {
  Lease& lease = leases_[id];
  lease.gone = std::min(lease.gone, told);
  Check(id, lease);
  if (lease.renewed_behind < at) return;
  Fail(id, "was renewed behind revision " + ToString(lease.renewed_behind) +
               ", and its keys were gone at " + ToString(at));
}

void LeaseWorkload::Check(int64_t id, const Lease& lease) const {
  if (lease.found > lease.gone) Fail(id, "was there after it was gone");
  if (lease.gone < lease.revoked && lease.gone < lease.until) {
    Fail(id, "was gone before its time was over");
  }
}

void LeaseWorkload::Fail(int64_t id, const std::string& what) const {
  checker_.Fail(base::Status(base::Code::kInternal, "lease " + std::to_string(id) + " " + what));
}

void LeaseWorkload::CheckHeld(const std::vector<Process*>& processes) const {
  for (const auto& [id, lease] : leases_) {
    if (lease.until <= clock_.Now() || lease.revoked != kNever) continue;
    for (Process* const process : processes) {
      if (process->server().state()->leases().Exists(base::LeaseId(id))) continue;
      Fail(id, "is gone before its time is over");
    }
  }
}

bool LeaseWorkload::AreGone(const std::vector<Process*>& processes) {
  return std::all_of(processes.begin(), processes.end(), [](Process* process) {
    return process->server().state()->leases().size() == 0;
  });
}

void LeaseWorkload::CheckAll(const std::vector<Process*>& processes) const {
  std::optional<std::string> first;
  for (Process* const process : processes) {
    std::string held;
    const leases::Leases& leases = process->server().state()->leases();
    for (const leases::Lease& lease : leases.All()) {
      held += ToString(lease.id) + " for " + std::to_string(lease.ttl) + ":";
      for (const base::Bytes& key : leases.Keys(lease.id)) held += " " + key;
      held += "; ";
    }
    if (!first.has_value()) first = held;
    if (held == *first) continue;
    checker_.Fail(base::Status(base::Code::kInternal, "leases differ: " + *first + "and " + held));
  }
}

}  // namespace sim
