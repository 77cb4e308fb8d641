#include "sim/lease_workload.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/check.h"
#include "proto/rpc.pb.h"
#include "state/leases/leases.h"

namespace sim {
namespace {

// Short, so that leases run out within a run.
constexpr uint64_t kTtlMin = 1;
constexpr uint64_t kTtlMax = 6;

template <typename Response>
Response Parsed(const Client::Answer& answer) {
  Response response;
  CHECK(response.ParseFromArray(answer.reply.data(), static_cast<int>(answer.reply.size())));
  return response;
}

}  // namespace

void LeaseWorkload::Act() {
  const int64_t id = Draw();
  const uint64_t kind = random_.Below(10);
  if (id == 0 || kind < 2) return Grant();
  if (kind == 2) return Revoke(id);
  Renew(id);
}

// One of the last few.
int64_t LeaseWorkload::Draw() {
  if (count_ == 0) return 0;
  return count_ - static_cast<int64_t>(random_.Below(std::min<uint64_t>(count_, 8)));
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
         leases_[id].until = asked + std::chrono::seconds(granted.ttl());
       });
}

void LeaseWorkload::Revoke(int64_t id) {
  leases_[id].may_be_revoked = true;
  etcdserverpb::LeaseRevokeRequest request;
  request.set_id(id);
  ask_("/etcdserverpb.Lease/LeaseRevoke", request.SerializeAsString(),
       [](const Client::Answer&) {});
}

void LeaseWorkload::Renew(int64_t id) {
  etcdserverpb::LeaseKeepAliveRequest request;
  request.set_id(id);
  const auto found = leases_.find(id);
  const Lease before = found == leases_.end() ? Lease() : found->second;
  ask_("/etcdserverpb.Lease/LeaseKeepAlive", request.SerializeAsString(),
       [this, id, asked = clock_.Now(), before](const Client::Answer& answer) {
         if (!answer.status.ok()) return;
         OnRenewed(id, asked, before, Parsed<etcdserverpb::LeaseKeepAliveResponse>(answer).ttl());
       });
}

void LeaseWorkload::OnRenewed(int64_t id, runtime::TimePoint asked, const Lease& before,
                              int64_t ttl) {
  checker_.trace().Add(id, ttl);
  const auto found = leases_.find(id);
  // Nobody was told that it is there, when it was asked for.
  if (found == leases_.end() || before.until == runtime::TimePoint()) return;
  Lease& lease = found->second;
  if (lease.may_be_revoked) return;
  if (ttl > 0) {
    if (before.is_gone) Fail(id, "was renewed after it was gone");
    lease.until = std::max(lease.until, asked + std::chrono::seconds(ttl));
    return;
  }
  lease.is_gone = true;
  if (lease.until > clock_.Now()) Fail(id, "was gone before its time was over");
}

void LeaseWorkload::Fail(int64_t id, const std::string& what) {
  checker_.Fail(base::Status(base::Code::kInternal, "lease " + std::to_string(id) + " " + what));
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
