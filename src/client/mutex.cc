#include <etcd/mutex.h>

#include <variant>
#include <vector>

#include "base/coverage_mark.h"
#include "client/concurrency_errors.h"
#include "client/places.h"
#include "client/planted.h"
#include "client/steps.h"

namespace etcd {
inline namespace v1 {
namespace {

GetRequest OldestOf(const std::string& prefix) {
  GetRequest oldest = Prefix(prefix);
  oldest.limit = 1;
  oldest.sort_order = SortOrder::kAscend;
  oldest.sort_target = SortTarget::kCreate;
  return oldest;
}

}  // namespace

Mutex::Mutex(Session* session, const std::string& prefix)
    : session_(*session), prefix_(prefix + "/") {}

Status Mutex::Leave(const CallOptions& options) {
  if (client::Planted(client::PlantedBug::kUnlockTakesAll)) {
    (void)session_.client().Delete(Prefix(prefix_), options);
  }
  const auto left = Places::Leave(session_, key_, token_, options);
  if (!left.ok()) return left.status();
  key_.clear();
  token_ = 0;
  return {};
}

Status Mutex::Enter(const CallOptions& options, bool waits) {
  const client::Steps steps(session_, options, waits ? kNoTimeout : kDefaultTimeout);
  const std::string key = client::SessionKey(prefix_, session_);
  const auto taken = Places::Take(session_, key, "", {OpGet(OldestOf(prefix_))}, steps);
  if (!taken.ok()) {
    if (token_ == 0 && client::MayBeDone(taken.status())) {
      base::Mark<"client: a place is given up that may have been taken">();
      Places::LeaveAny(session_, {key});
    }
    return steps.Explain(taken.status(), client::kMutexExpired);
  }
  key_ = key;
  token_ = Places::CreateRevision(*taken);
  header_ = taken->header;
  const std::vector<KeyValue>& oldest = std::get<GetResponse>(taken->responses[1].response).kvs;
  if (oldest.empty() || oldest[0].create_revision == token_) return {};
  if (!waits) return GiveUp(client::kLocked);
  Status status = client::AwaitDeletions(session_.client(), prefix_, token_ - 1, steps);
  if (status.ok()) {
    // Nobody is before it; but its own key may have gone, too.
    const auto own = session_.client().Get({.key = key_}, steps.Next());
    if (own.ok() && !own->kvs.empty() && own->kvs[0].create_revision == token_) {
      header_ = own->header;
      return {};
    }
    status = own.ok() ? Status(client::kMutexExpired) : own.status();
  }
  return GiveUp(steps.Explain(status, client::kMutexExpired));
}

Status Mutex::Lock(const CallOptions& options) {
  return Enter(options, /*waits=*/true);
}

Status Mutex::TryLock(const CallOptions& options) {
  return Enter(options, /*waits=*/false);
}

Status Mutex::GiveUp(const Status& status) {
  (void)Leave({});
  key_.clear();
  token_ = 0;
  return status;
}

Status Mutex::Unlock(const CallOptions& options) {
  return token_ == 0 ? Status(client::kLockReleased) : Leave(options);
}

Compare Mutex::IsOwner() const {
  return client::IsCreatedAt(key_, token_);
}

}  // namespace v1
}  // namespace etcd
