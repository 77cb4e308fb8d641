#include "sim/library_session.h"

#include <utility>

namespace sim {
namespace {

using std::chrono::milliseconds;

// Of a session's lease, in seconds. The shortest, which many have, is over before a client that has
// to look for another member has found one.
constexpr uint64_t kTtlMin = 1;
constexpr uint64_t kTtlMax = 3;
// A session that is older has been told of a renewal, or it is over: its client waits for the first
// one as long as it dials, and a second.
constexpr runtime::Duration kRenewedAfter = milliseconds(1500);

}  // namespace

bool LibrarySession::Open() {
  etcd::SessionOptions options;
  const bool is_shortest = user_.random().OneIn(2);
  options.ttl =
      static_cast<int64_t>(user_.random().Between(kTtlMin, is_shortest ? kTtlMin : kTtlMax));
  pauses_before_ = user_.pauses();
  auto session = etcd::Session::New(&user_.client(), options, user_.Call());
  user_.checker().trace().Add(session.status().code());
  if (!session.ok()) return false;
  session_ = std::move(session).value();
  since_ = user_.clock().Now();
  return true;
}

bool LibrarySession::End() {
  bool has_ended = false;
  if (!is_over() && !user_.Ends() && user_.random().OneIn(2)) {
    has_ended = session_->Close(user_.Call()).ok();
  }
  session_.reset();
  return has_ended;
}

bool LibrarySession::Lives() const {
  const bool may_not_know =
      user_.pauses() != pauses_before_ || user_.clock().Now() - since_ < kRenewedAfter;
  return !is_over() && !may_not_know;
}

}  // namespace sim
