#include "client/lease_renewer.h"

#include <algorithm>

#include "base/coverage_mark.h"
#include "base/errors.h"
#include "client/convert.h"
#include "client/endings.h"
#include "client/planted.h"
#include "proto/rpc.pb.h"

namespace client {

using base::Code;
using base::Status;
namespace pb = etcdserverpb;

namespace {

constexpr char kPath[] = "/etcdserverpb.Lease/LeaseKeepAlive";
// Compat: clientv3's wait between two streams, and how long a lease of unknown time has for its
// first answer: the time of a connection and a second more.
constexpr runtime::Duration kWait = std::chrono::milliseconds(500);
constexpr runtime::Duration kFirstTimeBesideDialing = std::chrono::seconds(1);
constexpr runtime::Duration kFirstTime = std::chrono::seconds(5);
// Longer times are taken as this: a clock counts no further.
constexpr int64_t kMaxSeconds = 1'000'000'000;
constexpr int64_t kMinSeconds = 1;

}  // namespace

class LeaseRenewer::KeepAlive {
 public:
  KeepAlive(int64_t lease_id, bool with_leader, Sink sink, Done done)
      : id(lease_id), require_leader(with_leader), sink_(std::move(sink)), done_(std::move(done)) {}

  bool Tell(const etcd::LeaseKeepAliveResponse& response) { return sink_(response); }
  void End(const Session::Ending& ending) {
    ended = true;
    const std::unique_ptr<runtime::Timer> own_timer = std::move(timer);
    // What the user's callbacks hold is let go of when the last of them has run.
    const Sink sink = std::move(sink_);
    Done done = std::move(done_);
    done(ending);
  }

  const int64_t id;
  const bool require_leader;
  bool ended = false;
  std::unique_ptr<runtime::Timer> timer;

 private:
  Sink sink_;
  Done done_;
};

// Compat: clientv3's stream always requires a leader. A member without one is left so.
LeaseRenewer::LeaseRenewer(Session* session)
    : session_(*session),
      stream_(session, kPath, true, this),
      timer_(session->loop().NewTimer([this] { OnTimer(); })) {}

LeaseRenewer::~LeaseRenewer() {
  stream_.Close();
  while (!leases_.empty()) EndLease(leases_.begin()->first, {Closing()});
}

// ---- The users ----

LeaseRenewer::Handle LeaseRenewer::Start(int64_t id, const Options& options, Sink sink, Done done) {
  const auto keep_alive =
      std::make_shared<KeepAlive>(id, options.require_leader, std::move(sink), std::move(done));
  if (options.canceled || options.timeout <= runtime::Duration(0)) {
    keep_alive->End({options.canceled ? Canceled() : DeadlineExceeded()});
    return {};
  }
  if (options.timeout != Session::kNoTimeout) {
    keep_alive->timer = session_.loop().NewTimer([this, handle = Handle(keep_alive)] {
      const std::shared_ptr<KeepAlive> late = handle.lock();
      if (late != nullptr) End(late, {DeadlineExceeded(), session_.WhyNobodyAnswers()});
    });
    keep_alive->timer->Arm(options.timeout);
  }
  const auto [entry, is_new] = leases_.try_emplace(id);
  Lease& lease = entry->second;
  lease.wanted_by.push_back(keep_alive);
  if (!is_new) return keep_alive;
  lease.third = FirstTime() / 3;
  lease.lost_at = Now() + FirstTime();
  Plan(id, &lease, lease.lost_at);
  stream_.Open();
  if (stream_.is_open()) Ask(id, &lease);
  ArmTimer();
  return keep_alive;
}

void LeaseRenewer::Cancel(const Handle& handle) {
  if (const std::shared_ptr<KeepAlive> keep_alive = handle.lock()) End(keep_alive, {Canceled()});
}

void LeaseRenewer::End(const std::shared_ptr<KeepAlive>& keep_alive,
                       const Session::Ending& ending) {
  if (keep_alive->ended) return;
  const auto entry = leases_.find(keep_alive->id);
  std::erase(entry->second.wanted_by, keep_alive);
  if (entry->second.wanted_by.empty()) Remove(keep_alive->id);
  keep_alive->End(ending);
}

void LeaseRenewer::EndLease(int64_t id, const Session::Ending& ending) {
  const auto users = std::move(leases_.at(id).wanted_by);
  Remove(id);
  for (const std::shared_ptr<KeepAlive>& keep_alive : users) keep_alive->End(ending);
}

void LeaseRenewer::Remove(int64_t id) {
  const auto entry = leases_.find(id);
  agenda_.erase({entry->second.acts_at, id});
  leases_.erase(entry);
  if (leases_.empty()) stream_.Close();
}

runtime::Duration LeaseRenewer::FirstTime() const {
  const runtime::Duration dialing = session_.settings().dial_timeout;
  return dialing == runtime::Duration(0) ? kFirstTime : dialing + kFirstTimeBesideDialing;
}

// ---- Time ----

void LeaseRenewer::Plan(int64_t id, Lease* lease, runtime::TimePoint at) {
  agenda_.erase({lease->acts_at, id});
  lease->acts_at = at;
  agenda_.emplace(at, id);
}

void LeaseRenewer::ArmTimer() {
  if (agenda_.empty()) return timer_->Disarm();
  timer_->Arm(std::max(runtime::Duration(0), agenda_.begin()->first - Now()));
}

void LeaseRenewer::OnTimer() {
  const runtime::TimePoint now = Now();
  while (!agenda_.empty() && agenda_.begin()->first <= now) {
    const int64_t id = agenda_.begin()->second;
    Act(id, &leases_.at(id));
  }
  ArmTimer();
}

void LeaseRenewer::Act(int64_t id, Lease* lease) {
  const runtime::TimePoint now = Now();
  if (now >= lease->lost_at && Planted(PlantedBug::kLostLeasesAreKept)) {
    lease->lost_at = now + FirstTime();
    return Plan(id, lease, lease->lost_at);
  }
  if (now >= lease->lost_at) {
    base::Mark<"client: a lease is given up that nobody renews in time">();
    return EndLease(id, {base::errors::kLeaseNotFound, WhyNotAnswered()});
  }
  if (lease->state == State::kRests) {
    lease->state = State::kDue;
    Plan(id, lease, lease->lost_at);
    if (stream_.is_open()) Ask(id, lease);
    return;
  }
  // While others are answered the member is busy, and does not hang.
  const runtime::TimePoint patient_until = std::max(lease->asked_at, heard_at_) + lease->third;
  if (now < patient_until) return Plan(id, lease, std::min(patient_until, lease->lost_at));
  base::Mark<"client: a member is left that does not renew leases">();
  stream_.Break(Status(Code::kUnavailable, "the member does not answer"));
}

void LeaseRenewer::Ask(int64_t id, Lease* lease) {
  lease->state = State::kAsked;
  lease->asked_at = Now();
  Plan(id, lease, std::min(lease->lost_at, lease->asked_at + lease->third));
  pb::LeaseKeepAliveRequest request;
  request.set_id(id);
  stream_.Send(request);
}

// ---- The stream ----

void LeaseRenewer::OnOpened() {
  std::vector<int64_t> due;
  for (const auto& [id, lease] : leases_) {
    if (lease.state == State::kDue) due.push_back(id);
  }
  for (const int64_t id : due) {
    if (!stream_.is_open()) return;
    Ask(id, &leases_.at(id));
  }
  ArmTimer();
}

void LeaseRenewer::OnMessage(base::ByteView bytes) {
  pb::LeaseKeepAliveResponse message;
  if (!message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return stream_.Break(Status(Code::kInternal, "grpc: error unmarshalling response"));
  }
  stream_.OnServed();
  heard_at_ = Now();
  failure_.clear();
  Tell(FromProto(std::move(message)));
  ArmTimer();
}

void LeaseRenewer::Tell(const etcd::LeaseKeepAliveResponse& response) {
  const auto entry = leases_.find(response.id);
  // It has ended here, and the member does not know yet.
  if (entry == leases_.end() || entry->second.state != State::kAsked) return;
  if (response.ttl <= 0 && !Planted(PlantedBug::kLostLeasesAreKept)) {
    base::Mark<"client: a lease is gone when it is to be renewed">();
    return EndLease(response.id, {base::errors::kLeaseNotFound});
  }
  Lease& lease = entry->second;
  const auto time = std::chrono::seconds(std::clamp(response.ttl, kMinSeconds, kMaxSeconds));
  lease.state = State::kRests;
  lease.third = runtime::Duration(time) / 3;
  // Its time began after it was asked for: nobody holds it for longer than the members do.
  lease.lost_at = lease.asked_at + time;
  Plan(response.id, &lease, std::min(lease.lost_at, heard_at_ + lease.third));
  for (const std::shared_ptr<KeepAlive>& keep_alive : std::vector(lease.wanted_by)) {
    if (!keep_alive->ended && !keep_alive->Tell(response)) End(keep_alive, {Canceled()});
  }
}

void LeaseRenewer::OnBroken() {
  for (auto& [id, lease] : leases_) {
    if (lease.state != State::kAsked) continue;
    lease.state = State::kDue;
    Plan(id, &lease, lease.lost_at);
  }
  ArmTimer();
}

runtime::Duration LeaseRenewer::WaitAfter(const Status& status, size_t) {
  failure_ = std::string(status.message());
  if (status != base::errors::kNoLeader) return kWait;
  std::vector<std::shared_ptr<KeepAlive>> ended;
  for (const auto& [id, lease] : leases_) {
    for (const std::shared_ptr<KeepAlive>& keep_alive : lease.wanted_by) {
      if (keep_alive->require_leader) ended.push_back(keep_alive);
    }
  }
  for (const std::shared_ptr<KeepAlive>& keep_alive : ended) End(keep_alive, {status});
  ArmTimer();
  return kWait;
}

std::string LeaseRenewer::WhyNotAnswered() const {
  std::string why = session_.WhyNobodyAnswers();
  return why.empty() ? failure_ : why;
}

}  // namespace client
