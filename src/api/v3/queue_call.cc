#include "api/v3/queue_call.h"

#include <utility>

#include "api/v3/own_requests.h"
#include "base/check.h"
#include "base/errors.h"
#include "net/rpc/message.h"

namespace v3 {

std::optional<server::Caller> QueueCall::Caller() {
  base::Result<server::Caller> caller = Identify();
  if (caller.ok()) return *std::move(caller);
  Fail(caller.status());
  return std::nullopt;
}

// Compat: as etcd's own client, who has waited is asked again who he is, with what came with the
// call, whenever he looks: with a token that counts no more nobody gets what he has waited for.
base::Status QueueCall::CheckQueue() {
  const base::Result<server::Caller> caller = Identify();
  if (!caller.ok()) return OfOwnClient(caller.status());
  user_ = caller->identity.user;
  return CheckKeys(caller->identity);
}

// As long as he waits his rights count, and not his token.
base::Status QueueCall::CheckRights(const watch::Watcher&) {
  return CheckKeys({user_, context().judge().view().revision});
}

base::Status QueueCall::CheckKeys(const auth::Identity& who) const {
  const std::string first = prefix();
  const std::string end = kv::QueueScan::EndOf(first);
  const base::Status may = context().judge().CheckKeys(who, auth::Access::kRead, {first, end});
  return may.ok() ? may : OfOwnClient(may);
}

void QueueCall::Look(base::Revision before) {
  scan_.emplace(name_, before);
  Continue();
}

base::Result<StreamCall::Next> QueueCall::Produce() {
  if (!scan_.has_value()) {
    service_.hub().Resume(*this);
    return Next::kWaits;
  }
  const std::shared_ptr<apply::StateReads> reads = context().frontend().reads();
  ASSIGN_OR_RETURN(const bool done, scan_->Step(reads->keys()));
  RETURN_IF_ERROR(CheckQueue());
  if (!done) return Next::kMore;
  const kv::QueueScan scan = *std::exchange(scan_, std::nullopt);
  return OnFound(scan);
}

base::Result<kv::QueuePlace> QueueCall::Read(const std::string& key, int64_t create_revision) {
  const std::shared_ptr<apply::StateReads> reads = context().frontend().reads();
  auto place = kv::ReadPlace(reads->keys(), key, create_revision);
  RETURN_IF_ERROR(CheckQueue());
  return place;
}

void QueueCall::Watch(watch::Wish wish, base::Revision start) {
  StopWatching();
  if (IsRefused()) return Fail(base::errors::kTooManyRequests);
  if (start < context().state()->store().compact_revision()) return OnMissed();
  watcher_ = std::make_unique<watch::Watcher>();
  watcher_->receiver = this;
  watcher_->wish = std::make_shared<const watch::Wish>(std::move(wish));
  service_.Add(watcher_.get(), start);
}

void QueueCall::StopWatching() {
  if (watcher_ == nullptr) return;
  service_.Remove(watcher_.get());
  watcher_.reset();
}

void QueueCall::OnEvents(watch::Watcher&, base::SharedBytes frames) {
  Run([&] {
    etcdserverpb::WatchResponse changes;
    const base::ByteView message = frames.view().substr(rpc::kPrefixBytes);
    CHECK(changes.ParseFromArray(message.data(), static_cast<int>(message.size())));
    OnChanges(changes);
  });
}

void QueueCall::OnLost(watch::Watcher&, base::Revision compacted, const base::Status& why) {
  Run([&] {
    StopWatching();
    if (compacted == base::Revision()) return Fail(why);
    OnMissed();
  });
}

void QueueCall::OnStopping() {
  Finish(base::errors::kStopped);
}

void QueueCall::OnEnded(const base::Status&) {
  scan_.reset();
  StopWatching();
}

void QueueCall::Fail(const base::Status& status) {
  Finish(OfOwnClient(status));
}

}  // namespace v3
