#include "client/places.h"

#include <algorithm>
#include <mutex>
#include <variant>

#include "base/coverage_mark.h"
#include "client/session_state.h"

namespace etcd {
inline namespace v1 {
namespace {

const KeyValue& Own(const TxnResponse& taken) {
  return std::get<GetResponse>(taken.responses[0].response).kvs[0];
}

}  // namespace

Result<TxnResponse> Places::Take(const Session& session, const std::string& key,
                                 const std::string& value, const std::vector<Op>& reads,
                                 const client::Steps& steps) {
  TxnRequest request{.compares = {CompareCreateRevision(key, Compare::kEqual, 0)},
                     .success = {OpPut({.key = key, .value = value, .lease = session.lease()})},
                     .failure = {OpGet({.key = key})}};
  request.success.insert(request.success.end(), reads.begin(), reads.end());
  request.failure.insert(request.failure.end(), reads.begin(), reads.end());
  for (;;) {
    auto taken = session.client().Txn(request, steps.Next());
    if (!taken.ok() || taken->succeeded) return taken;
    const int64_t since = Own(*taken).create_revision;
    if (!IsInDoubt(session, key, since)) return taken;
    const auto left = Leave(session, key, since, steps.Next());
    if (!left.ok()) return left;
  }
}

int64_t Places::CreateRevision(const TxnResponse& taken) {
  return taken.succeeded ? taken.header.revision : Own(taken).create_revision;
}

Result<TxnResponse> Places::Leave(const Session& session, const std::string& key,
                                  int64_t create_revision, const CallOptions& options) {
  auto left = session.client().Txn({.compares = {client::IsCreatedAt(key, create_revision)},
                                    .success = {OpDelete({.key = key})},
                                    .failure = {}},
                                   options);
  if (left.ok() || client::MayBeDone(left.status())) {
    const std::lock_guard lock(session.state_->mutex);
    auto& places = session.state_->places_in_doubt;
    int64_t& newest = places[key];
    newest = std::max(newest, create_revision);
    if (left.ok() && newest == create_revision) places.erase(key);
  }
  return left;
}

void Places::LeaveAny(const Session& session, const std::vector<std::string>& keys) {
  const client::Steps steps(session.client(), {}, kDefaultTimeout);
  for (const std::string& key : keys) {
    const auto got = session.client().Get({.key = key}, steps.Next());
    if (!got.ok() || got->kvs.empty()) continue;
    (void)Leave(session, key, got->kvs[0].create_revision, steps.Next());
  }
}

bool Places::IsInDoubt(const Session& session, const std::string& key, int64_t create_revision) {
  const std::lock_guard lock(session.state_->mutex);
  const auto found = session.state_->places_in_doubt.find(key);
  const bool is_in_doubt =
      found != session.state_->places_in_doubt.end() && found->second == create_revision;
  if (is_in_doubt) base::Mark<"client: a place in doubt is left for another">();
  return is_in_doubt;
}

}  // namespace v1
}  // namespace etcd
