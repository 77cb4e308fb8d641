#include <etcd/election.h>

#include <utility>
#include <variant>

#include "base/coverage_mark.h"
#include "client/concurrency_errors.h"
#include "client/endings.h"
#include "client/places.h"
#include "client/steps.h"

namespace etcd {
inline namespace v1 {
namespace {

GetRequest FirstCreated(const std::string& prefix) {
  GetRequest request = Prefix(prefix);
  request.limit = 1;
  request.sort_order = SortOrder::kAscend;
  request.sort_target = SortTarget::kCreate;
  return request;
}

// Tells a sink who leads, and remembers that it has had enough.
class Teller {
 public:
  explicit Teller(const Election::LeaderSink& sink) : sink_(sink) {}

  bool Tell(ElectionLeader leader) {
    leader_ = std::move(leader);
    stopped_ = !sink_(leader_);
    return !stopped_;
  }
  bool stopped() const { return stopped_; }
  const ElectionLeader& last() const { return leader_; }

 private:
  const Election::LeaderSink& sink_;
  ElectionLeader leader_;
  bool stopped_ = false;
};

Status StatusOf(const Teller& teller, const Status& status) {
  if (!teller.stopped()) return status;
  return Status(Code::kCanceled, std::string(client::Canceled().message()));
}

// Tells of the first key that is put from this revision on. OK: it did, or, with `leads` false, the
// history is compacted and it is to be looked for anew.
Status AwaitLeader(Client& asked, const std::string& prefix, int64_t start_revision,
                   const client::Steps& steps, Teller* teller, bool* leads) {
  WatchRequest request = Prefix(prefix);
  request.start_revision = start_revision;
  request.no_delete = true;
  *leads = false;
  const WatchEnding ending = asked.Watch(request, steps.Next(), [&](WatchResponse response) {
    if (response.events.empty()) return true;
    *leads = true;
    ElectionLeader leader{response.header, std::move(response.events[0].kv)};
    leader.header.revision = leader.kv.mod_revision;
    teller->Tell(std::move(leader));
    return false;
  });
  if (teller->stopped()) return StatusOf(*teller, ending.status);
  return *leads || ending.compact_revision != 0 ? Status() : ending.status;
}

// Tells what the leader that was told of last proclaims, until its key is gone. OK: it is, or its
// history is compacted.
Status FollowLeader(Client& asked, const client::Steps& steps, Teller* teller) {
  WatchRequest request{.key = teller->last().kv.key};
  request.start_revision = teller->last().header.revision + 1;
  bool gone = false;
  const WatchEnding ending = asked.Watch(request, steps.Next(), [&](WatchResponse response) {
    for (Event& event : response.events) {
      gone = event.type == Event::Type::kDelete;
      if (gone || !teller->Tell({response.header, std::move(event.kv)})) return false;
    }
    return true;
  });
  if (teller->stopped()) return StatusOf(*teller, ending.status);
  return gone || ending.compact_revision != 0 ? Status() : ending.status;
}

}  // namespace

Election::Election(Session* session, const std::string& prefix)
    : session_(*session), prefix_(prefix + "/") {}

Status Election::Campaign(const std::string& value, const CallOptions& options) {
  const client::Steps steps(session_, options, kNoTimeout);
  const std::string key = client::SessionKey(prefix_, session_);
  Client& asked = session_.client();
  const auto taken = Places::Take(session_, key, value, {}, steps);
  if (!taken.ok()) {
    if (revision_ == 0 && client::MayBeDone(taken.status())) {
      base::Mark<"client: a place is given up that may have been taken">();
      Places::LeaveAny(session_, {key});
    }
    return steps.Explain(taken.status(), client::kElectionExpired);
  }
  key_ = key;
  revision_ = Places::CreateRevision(*taken);
  header_ = taken->header;
  Status status;
  if (!taken->succeeded &&
      std::get<GetResponse>(taken->responses[0].response).kvs[0].value != value) {
    status = Proclaim(value, steps.Next());
  }
  if (status.ok()) status = client::AwaitDeletions(asked, prefix_, revision_ - 1, steps);
  if (status.ok()) {
    // Nobody is before it; but its own key may have gone, too.
    const auto own = asked.Get({.key = key_}, steps.Next());
    if (own.ok() && !own->kvs.empty() && own->kvs[0].create_revision == revision_) return {};
    status = own.ok() ? Status(client::kElectionExpired) : own.status();
  }
  status = steps.Explain(status, client::kElectionExpired);
  (void)Resign();
  Forget();
  return status;
}

Status Election::Proclaim(const std::string& value, const CallOptions& options) {
  if (revision_ == 0) return client::kNotLeading;
  const auto put = session_.client().Txn(
      {.compares = {IsLeader()},
       .success = {OpPut({.key = key_, .value = value, .lease = session_.lease()})},
       .failure = {}},
      options);
  if (!put.ok()) return put.status();
  if (!put->succeeded) {
    Forget();
    return client::kNotLeading;
  }
  header_ = put->header;
  return {};
}

Status Election::Resign(const CallOptions& options) {
  if (revision_ == 0) return {};
  const auto resigned = Places::Leave(session_, key_, revision_, options);
  if (!resigned.ok()) return resigned.status();
  header_ = resigned->header;
  Forget();
  return {};
}

Result<ElectionLeader> Election::Leader(const CallOptions& options) const {
  auto got = session_.client().Get(FirstCreated(prefix_), options);
  if (!got.ok()) return got.status();
  if (got->kvs.empty()) return Status(client::kNobodyLeads);
  return ElectionLeader{got->header, std::move(got->kvs[0])};
}

Status Election::Observe(const CallOptions& options, const LeaderSink& sink) const {
  const client::Steps steps(session_, options, kNoTimeout);
  Client& asked = session_.client();
  Teller teller(sink);
  for (;;) {
    auto got = asked.Get(FirstCreated(prefix_), steps.Next());
    Status status = got.status();
    bool leads = true;
    if (got.ok() && got->kvs.empty()) {
      status = AwaitLeader(asked, prefix_, got->header.revision + 1, steps, &teller, &leads);
    } else if (got.ok()) {
      teller.Tell({got->header, std::move(got->kvs[0])});
      status = StatusOf(teller, {});
    }
    if (status.ok() && leads) status = FollowLeader(asked, steps, &teller);
    if (!status.ok()) return steps.Explain(status, client::kElectionExpired);
  }
}

Compare Election::IsLeader() const {
  return client::IsCreatedAt(key_, revision_);
}

void Election::Forget() {
  key_.clear();
  revision_ = 0;
}

}  // namespace v1
}  // namespace etcd
