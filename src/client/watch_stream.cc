#include "client/watch_stream.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/errors.h"
#include "net/rpc/message.h"

namespace client {

using base::Code;
using base::Status;
namespace pb = etcdserverpb;

namespace {

constexpr char kPath[] = "/etcdserverpb.Watch/Watch";
// Of a response that is meant for all watches, and of one to a request that was refused.
constexpr int64_t kNoId = -1;

}  // namespace

class WatchStream::Handler final : public rpc::ClientHandler {
 public:
  Handler(WatchStream* stream, std::shared_ptr<bool> open)
      : stream_(stream), open_(std::move(open)) {}
  void OnMessage(base::ByteView message) override {
    if (*open_) stream_->OnMessage(message);
  }
  void OnWritable() override {
    if (*open_) stream_->SendNext();
  }
  void OnFinished(const Status& status, const http::Headers&) override {
    if (std::exchange(*open_, false)) stream_->OnEnded(status);
  }

 private:
  WatchStream* const stream_;
  const std::shared_ptr<bool> open_;
};

WatchStream::WatchStream(Session* session, bool require_leader)
    : session_(*session),
      require_leader_(require_leader),
      timer_(session->loop().NewTimer([this] { Open(); })) {}

WatchStream::~WatchStream() {
  *alive_ = false;
  Close();
  EndAll(Status(Code::kCanceled, "grpc: the client connection is closing"));
}

// ---- The watches ----

void WatchStream::Add(std::shared_ptr<Watch> watch) {
  waiting_.push_back(std::move(watch));
  if (open_ != nullptr) return SendNext();
  if (!opening_) OpenAfter(runtime::Duration(0));
}

void WatchStream::End(const std::shared_ptr<Watch>& watch, const Watch::Ending& ending) {
  const auto serves = [&watch](const auto& entry) { return entry.second == watch; };
  const auto waits = std::find(waiting_.begin(), waiting_.end(), watch);
  const auto served = std::find_if(served_.begin(), served_.end(), serves);
  if (waits != waiting_.end()) {
    waiting_.erase(waits);
  } else if (asked_ == watch) {
    asked_->reset();
  } else if (served != served_.end()) {
    const int64_t id = served->first;
    served_.erase(served);
    if (!IsIdle()) SendCancel(id);
  } else {
    return;
  }
  CloseIfIdle();
  watch->End(ending);
}

void WatchStream::RequestProgress() {
  if (IsIdle()) return;
  progress_wanted_ = true;
  SendNext();
}

bool WatchStream::IsIdle() const {
  return waiting_.empty() && served_.empty() && (!asked_.has_value() || *asked_ == nullptr);
}

void WatchStream::EndAll(const Status& status) {
  TakeBack();
  for (const std::shared_ptr<Watch>& watch : std::exchange(waiting_, {})) {
    watch->End({.status = status});
  }
}

// ---- The stream ----

// By the timer even without a wait: not inside the events of the call before.
void WatchStream::OpenAfter(runtime::Duration wait) {
  opening_ = true;
  timer_->Arm(wait);
}

void WatchStream::Open() {
  opening_ = false;
  const uint32_t avoided = call_ == nullptr ? 0 : call_->endpoint();
  const auto open = std::make_shared<bool>(true);
  open_ = open;
  serving_since_.reset();
  // The end of the call before may be told while this one begins: that was let go of.
  std::shared_ptr<rpc::ClientCall> call =
      session_.StartStream(kPath, require_leader_, avoided, std::make_unique<Handler>(this, open));
  call_ = std::move(call);
  if (*open) SendNext();
}

void WatchStream::Close() {
  opening_ = false;
  timer_->Disarm();
  if (open_ == nullptr) return;
  *std::exchange(open_, nullptr) = false;
  // Kept until the next one begins: this may be one of its events.
  call_->Cancel();
}

void WatchStream::CloseIfIdle() {
  if (!IsIdle()) return;
  Close();
  asked_.reset();
  progress_wanted_ = false;
  attempts_ = 0;
  renewals_ = 0;
}

void WatchStream::SendNext() {
  if (open_ == nullptr || asked_.has_value()) return;
  pb::WatchRequest request;
  if (!waiting_.empty()) {
    asked_ = std::move(waiting_.front());
    waiting_.pop_front();
    *request.mutable_create_request() = (*asked_)->NextRequest();
    return Send(request);
  }
  // However often it is wanted, it is asked for once until that can be sent.
  if (!progress_wanted_ || served_.empty() || !call_->writable()) return;
  progress_wanted_ = false;
  request.mutable_progress_request();
  Send(request);
}

void WatchStream::Send(const pb::WatchRequest& request) {
  call_->Send(rpc::Message(request.SerializeAsString()));
}

void WatchStream::SendCancel(int64_t id) {
  pb::WatchRequest request;
  request.mutable_cancel_request()->set_watch_id(id);
  Send(request);
}

// ---- What a member says ----

void WatchStream::OnMessage(base::ByteView bytes) {
  pb::WatchResponse message;
  if (!message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    Close();
    return OnEnded(Status(Code::kInternal, "grpc: error unmarshalling response"));
  }
  if (!serving_since_.has_value()) serving_since_ = session_.loop().clock().Now();
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
      if (renewals_ == 0 && session_.NeedsToken(ending.status)) {
        Close();
        TakeBack();
        // The first to try the new one, which is renewed no more if that is of no use either.
        waiting_.push_front(watch);
        return RenewToken();
      }
      CloseIfIdle();
      watch->End(ending);
    }
  } else if (watch == nullptr) {
    SendCancel(id);
  } else {
    renewals_ = 0;
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

void WatchStream::OnEnded(const Status& status) {
  open_.reset();
  TakeBack();
  if (IsIdle()) return CloseIfIdle();
  if (renewals_ == 0 && session_.NeedsToken(status)) return RenewToken();
  GoOnAfter(status);
}

void WatchStream::TakeBack() {
  std::deque<std::shared_ptr<Watch>> watches;
  for (auto& [id, watch] : std::exchange(served_, {})) watches.push_back(std::move(watch));
  if (asked_.has_value() && *asked_ != nullptr) watches.push_back(std::move(*asked_));
  asked_.reset();
  for (const std::shared_ptr<Watch>& watch : watches) watch->OnBroken();
  waiting_.insert(waiting_.begin(), watches.begin(), watches.end());
}

void WatchStream::RenewToken() {
  opening_ = true;
  session_.Authenticate(Session::kNoTimeout, [this, alive = alive_](const Session::Ending& ending) {
    if (!*alive || !opening_) return;
    if (!ending.status.ok()) return GoOnAfter(ending.status);
    ++renewals_;
    OpenAfter(runtime::Duration(0));
  });
}

// Compat: which ends are those of the stream alone, and which are those of its watches, is
// clientv3's rule; but a member that ends a stream without an error is stopping.
void WatchStream::GoOnAfter(const Status& status) {
  const bool is_of_stream =
      status.ok() || status.code() == Code::kUnavailable || status.code() == Code::kInternal;
  if (!is_of_stream || status == base::errors::kNoLeader) {
    opening_ = false;
    return EndAll(status);
  }
  const runtime::TimePoint now = session_.loop().clock().Now();
  const bool has_served =
      serving_since_.has_value() && now - *serving_since_ >= session_.settings().retry_wait;
  attempts_ = has_served ? 1 : attempts_ + 1;
  OpenAfter(session_.WaitBefore(attempts_, session_.EndpointCount()));
}

}  // namespace client
