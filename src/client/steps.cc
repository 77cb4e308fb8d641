#include "client/steps.h"

#include <algorithm>
#include <cinttypes>
#include <cstdio>

#include "client/endings.h"
#include "client/hosting.h"
#include "client/planted.h"

namespace client {

Steps::Steps(const etcd::Client& client, const etcd::CallOptions& options,
             etcd::Duration default_timeout)
    : session_(nullptr),
      clock_(etcd::Hosting::ClockOf(client)),
      options_(options),
      own_handle_(options.cancellation) {
  SetDeadline(options.timeout.value_or(default_timeout));
}

Steps::Steps(const etcd::Session& session, const etcd::CallOptions& options,
             etcd::Duration default_timeout)
    : session_(&session),
      clock_(etcd::Hosting::ClockOf(session.client())),
      options_(options),
      own_handle_(options.cancellation) {
  options_.cancellation = own_handle_.has_value()
                              ? etcd::Cancellation::Either(*own_handle_, session.done())
                              : session.done();
  SetDeadline(options.timeout.value_or(default_timeout));
}

void Steps::SetDeadline(etcd::Duration timeout) {
  const runtime::TimePoint now = clock_.Now();
  options_.timeout = etcd::kNoTimeout;
  // Further than a clock counts is for ever.
  if (timeout < runtime::TimePoint::max() - now) deadline_ = now + timeout;
}

etcd::CallOptions Steps::Next() const {
  etcd::CallOptions next = options_;
  if (deadline_.has_value()) next.timeout = *deadline_ - clock_.Now();
  return next;
}

etcd::Status Steps::Over() const {
  const auto made_public = [](const base::Status& status) {
    return etcd::Status(static_cast<etcd::Code>(status.code()), std::string(status.message()));
  };
  if (options_.cancellation.has_value() && options_.cancellation->canceled()) {
    return made_public(Canceled());
  }
  if (deadline_.has_value() && *deadline_ <= clock_.Now()) return made_public(DeadlineExceeded());
  return {};
}

etcd::Status Steps::Explain(const etcd::Status& status, const etcd::Status& session_is_over) const {
  const bool by_session = session_ != nullptr && session_->done().canceled();
  if (status.code() != etcd::Code::kCanceled || !by_session) return status;
  if (own_handle_.has_value() && own_handle_->canceled()) return status;
  return session_is_over;
}

etcd::Result<bool> AwaitDeletion(etcd::Client& client, const std::string& key,
                                 int64_t start_revision, const Steps& steps) {
  bool deleted = false;
  const etcd::WatchEnding ending =
      client.Watch({.key = key, .start_revision = start_revision, .no_put = true}, steps.Next(),
                   [&deleted](const etcd::WatchResponse& response) {
                     deleted = deleted || !response.events.empty();
                     return !deleted;
                   });
  if (deleted || ending.compact_revision != 0) return deleted;
  return ending.status;
}

etcd::Status AwaitDeletions(etcd::Client& client, const std::string& prefix,
                            int64_t max_create_revision, const Steps& steps) {
  // The last of them alone is waited for: who leaves in between wakes nobody else.
  etcd::GetRequest last = etcd::Prefix(prefix);
  last.limit = 1;
  last.sort_order = etcd::SortOrder::kDescend;
  last.sort_target = etcd::SortTarget::kCreate;
  last.max_create_revision = max_create_revision;
  for (;;) {
    const auto got = client.Get(last, steps.Next());
    if (!got.ok()) return got.status();
    if (got->kvs.empty()) return {};
    const auto gone = AwaitDeletion(client, got->kvs[0].key, got->header.revision + 1, steps);
    if (!gone.ok()) return gone.status();
    if (Planted(PlantedBug::kOneIsWaitedFor)) return {};
  }
}

bool MayBeDone(const etcd::Status& status) {
  return status.code() == etcd::Code::kDeadlineExceeded ||
         status.code() == etcd::Code::kUnavailable || status.code() == etcd::Code::kCanceled;
}

std::string SessionKey(const std::string& prefix, const etcd::Session& session) {
  char hex[17];
  std::snprintf(hex, sizeof(hex), "%" PRIx64, static_cast<uint64_t>(session.lease()));
  return prefix + hex;
}

etcd::Compare IsCreatedAt(const std::string& key, int64_t create_revision) {
  // No key has such a create revision, whether there is one or not.
  if (create_revision == 0) {
    return etcd::CompareCreateRevision(std::string(1, '\0'), etcd::Compare::kEqual, -1);
  }
  return etcd::CompareCreateRevision(key, etcd::Compare::kEqual, create_revision);
}

}  // namespace client
