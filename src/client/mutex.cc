#include <etcd/mutex.h>

#include <utility>

#include "base/coverage_mark.h"
#include "client/concurrency_errors.h"
#include "client/planted.h"
#include "client/steps.h"

namespace etcd {
inline namespace v1 {
namespace {

// What there is of a key, or of the first of many.
const KeyValue* FirstOf(const OpResponse& response) {
  const auto* const got = std::get_if<GetResponse>(&response.response);
  return got == nullptr || got->kvs.empty() ? nullptr : &got->kvs[0];
}

}  // namespace

Mutex::Mutex(Session* session, const std::string& prefix)
    : session_(*session), prefix_(prefix + "/") {}

Result<bool> Mutex::Enter(const CallOptions& options) {
  const std::string key = client::SessionKey(prefix_, session_);
  GetRequest holder = Prefix(prefix_);
  holder.limit = 1;
  holder.sort_order = SortOrder::kAscend;
  holder.sort_target = SortTarget::kCreate;
  const auto entered = session_.client().Txn(
      {.compares = {CompareCreateRevision(key, Compare::kEqual, 0)},
       .success = {OpPut({.key = key, .lease = session_.lease()}), OpGet(holder)},
       .failure = {OpGet({.key = key}), OpGet(holder)}},
      options);
  if (!entered.ok()) {
    if (token_ == 0 && client::MayBeDone(entered.status())) {
      base::Mark<"client: a place is given up that may have been taken">();
      (void)session_.client().Delete({.key = key});
    }
    return entered.status();
  }
  const KeyValue* const own = FirstOf(entered->responses[0]);
  const KeyValue* const first = FirstOf(entered->responses[1]);
  key_ = key;
  token_ = own == nullptr ? entered->header.revision : own->create_revision;
  header_ = entered->header;
  return first == nullptr || first->create_revision == token_;
}

Status Mutex::Leave(const CallOptions& options) {
  const DeleteRequest place = client::Planted(client::PlantedBug::kUnlockTakesAll)
                                  ? DeleteRequest(Prefix(prefix_))
                                  : DeleteRequest{.key = key_};
  const auto left = session_.client().Txn(
      {.compares = {IsOwner()}, .success = {OpDelete(place)}, .failure = {}}, options);
  if (!left.ok()) return left.status();
  key_.clear();
  token_ = 0;
  return {};
}

Status Mutex::Lock(const CallOptions& options) {
  const client::Steps steps(session_, options, kNoTimeout);
  const auto entered = Enter(steps.Next());
  if (!entered.ok()) return steps.Explain(entered.status(), client::kMutexExpired);
  if (*entered) return {};
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

Status Mutex::TryLock(const CallOptions& options) {
  const client::Steps steps(session_, options, kDefaultTimeout);
  const auto entered = Enter(steps.Next());
  if (!entered.ok()) return steps.Explain(entered.status(), client::kMutexExpired);
  return *entered ? Status() : GiveUp(client::kLocked);
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
