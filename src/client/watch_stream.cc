#include "client/watch_stream.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/coverage_mark.h"
#include "base/errors.h"
#include "client/endings.h"

namespace client {

using base::Code;
using base::Status;
namespace pb = etcdserverpb;

namespace {

constexpr char kPath[] = "/etcdserverpb.Watch/Watch";
// Of a response that is meant for all watches, and of one to a request that was refused.
constexpr int64_t kNoId = -1;

}  // namespace

WatchStream::WatchStream(Session* session, bool require_leader)
    : session_(*session),
      stream_(session, kPath, require_leader, this),
      rest_timer_(session->loop().NewTimer([this] { OnRested(); })) {}

WatchStream::~WatchStream() {
  stream_.Close();
  EndAll(Closing());
}

// ---- The watches ----

void WatchStream::Add(std::shared_ptr<Watch> watch) {
  waiting_.push_back(std::move(watch));
  stream_.Open();
  SendNext();
}

void WatchStream::End(const std::shared_ptr<Watch>& watch, const Watch::Ending& ending) {
  const auto serves = [&watch](const auto& entry) { return entry.second == watch; };
  const auto waits = std::find(waiting_.begin(), waiting_.end(), watch);
  const auto served = std::find_if(served_.begin(), served_.end(), serves);
  const auto rests = std::find_if(resting_.begin(), resting_.end(), serves);
  if (waits != waiting_.end()) {
    waiting_.erase(waits);
  } else if (asked_ == watch) {
    asked_->reset();
  } else if (served != served_.end()) {
    const int64_t id = served->first;
    served_.erase(served);
    if (!IsIdle()) SendCancel(id);
  } else if (rests != resting_.end()) {
    resting_.erase(rests);
  } else {
    return;
  }
  CloseIfIdle();
  watch->End(ending);
}

void WatchStream::Rest(std::shared_ptr<Watch> watch, runtime::Duration wait) {
  resting_.emplace(session_.loop().clock().Now() + wait, std::move(watch));
  rest_timer_->Arm(resting_.begin()->first - session_.loop().clock().Now());
}

void WatchStream::OnRested() {
  const runtime::TimePoint now = session_.loop().clock().Now();
  while (!resting_.empty() && resting_.begin()->first <= now) {
    waiting_.push_back(std::move(resting_.begin()->second));
    resting_.erase(resting_.begin());
  }
  if (!resting_.empty()) rest_timer_->Arm(resting_.begin()->first - now);
  SendNext();
}

void WatchStream::RequestProgress() {
  if (IsIdle()) return;
  progress_wanted_ = true;
  SendNext();
}

bool WatchStream::IsIdle() const {
  return waiting_.empty() && served_.empty() && resting_.empty() &&
         (!asked_.has_value() || *asked_ == nullptr);
}

void WatchStream::EndAll(const Status& status) {
  TakeBack();
  for (auto& [when, watch] : std::exchange(resting_, {})) waiting_.push_back(std::move(watch));
  for (const std::shared_ptr<Watch>& watch : std::exchange(waiting_, {})) {
    watch->End({.status = status});
  }
}

// ---- The stream ----

void WatchStream::CloseIfIdle() {
  if (!IsIdle()) return;
  stream_.Close();
  asked_.reset();
  progress_wanted_ = false;
}

void WatchStream::SendNext() {
  if (!stream_.is_open() || asked_.has_value()) return;
  pb::WatchRequest request;
  if (!waiting_.empty()) {
    asked_ = std::move(waiting_.front());
    waiting_.pop_front();
    *request.mutable_create_request() = (*asked_)->NextRequest();
    return stream_.Send(request);
  }
  // However often it is wanted, it is asked for once until that can be sent.
  if (!progress_wanted_ || served_.empty() || !stream_.writable()) return;
  progress_wanted_ = false;
  request.mutable_progress_request();
  stream_.Send(request);
}

void WatchStream::SendCancel(int64_t id) {
  pb::WatchRequest request;
  request.mutable_cancel_request()->set_watch_id(id);
  stream_.Send(request);
}

// ---- What a member says ----

void WatchStream::OnMessage(base::ByteView bytes) {
  pb::WatchResponse message;
  if (!message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return stream_.Break(Status(Code::kInternal, "grpc: error unmarshalling response"));
  }
  if (message.created()) return OnCreated(std::move(message));
  const bool is_progress = message.events_size() == 0 && !message.canceled();
  if (is_progress && message.watch_id() == kNoId) return OnProgressOfAll(message);
  Deliver(message.watch_id(), std::move(message));
}

void WatchStream::OnCreated(pb::WatchResponse&& message) {
  if (!asked_.has_value()) return;
  const std::shared_ptr<Watch> watch = *std::exchange(asked_, std::nullopt);
  const int64_t id = message.watch_id();
  if (id == kNoId || message.canceled()) {
    if (watch != nullptr) {
      const Watch::Ending ending = EndingOf(message);
      if (stream_.NeedsToken(ending.status)) {
        // The first to try the new one, which is renewed no more if that is of no use either.
        asked_ = watch;
        return stream_.Break(ending.status);
      }
      if (ending.retry_after.has_value()) {
        Rest(watch, *ending.retry_after);
        return SendNext();
      }
      CloseIfIdle();
      watch->End(ending);
    }
  } else if (watch == nullptr) {
    SendCancel(id);
  } else {
    stream_.OnServed();
    served_[id] = watch;
    if (const Status status = watch->OnCreated(message); !status.ok()) {
      End(watch, {.status = status});
    }
  }
  SendNext();
}

void WatchStream::OnProgressOfAll(const pb::WatchResponse& message) {
  std::vector<int64_t> ids;
  for (const auto& [id, watch] : served_) ids.push_back(id);
  for (const int64_t id : ids) Deliver(id, pb::WatchResponse(message));
}

void WatchStream::Deliver(int64_t id, pb::WatchResponse&& message) {
  const auto found = served_.find(id);
  // It has ended here, and the member does not know yet.
  if (found == served_.end()) return;
  const std::shared_ptr<Watch> watch = found->second;
  if (message.canceled()) {
    served_.erase(found);
    CloseIfIdle();
    return watch->End(EndingOf(message));
  }
  if (const Status status = watch->OnResponse(std::move(message)); !status.ok()) {
    End(watch, {.status = status});
  }
}

// ---- The end of a stream ----

void WatchStream::OnBroken() {
  TakeBack();
  CloseIfIdle();
}

void WatchStream::TakeBack() {
  std::deque<std::shared_ptr<Watch>> watches;
  if (asked_.has_value() && *asked_ != nullptr) watches.push_back(std::move(*asked_));
  asked_.reset();
  if (!served_.empty()) base::Mark<"client: watches wait for another stream">();
  for (auto& [id, watch] : std::exchange(served_, {})) watches.push_back(std::move(watch));
  for (const std::shared_ptr<Watch>& watch : watches) watch->OnBroken();
  waiting_.insert(waiting_.begin(), watches.begin(), watches.end());
}

// Compat: which ends are those of the stream alone, and which are those of its watches, is
// clientv3's rule; but a member that ends a stream without an error is stopping.
runtime::Duration WatchStream::WaitAfter(const Status& status, size_t attempts) {
  const bool is_of_stream =
      status.ok() || status.code() == Code::kUnavailable || status.code() == Code::kInternal;
  if (is_of_stream && status != base::errors::kNoLeader) {
    return session_.WaitBefore(attempts, session_.EndpointCount());
  }
  base::Mark<"client: watches end with their stream">();
  stream_.Close();
  EndAll(status);
  return runtime::Duration(0);
}

}  // namespace client
