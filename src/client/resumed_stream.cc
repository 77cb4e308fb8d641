#include "client/resumed_stream.h"

#include <utility>

#include "base/coverage_mark.h"
#include "base/errors.h"
#include "net/rpc/message.h"

namespace client {

using base::Status;

class ResumedStream::Handler final : public rpc::ClientHandler {
 public:
  Handler(ResumedStream* stream, std::shared_ptr<bool> open)
      : stream_(stream), open_(std::move(open)) {}
  void OnMessage(base::ByteView message) override {
    if (*open_) stream_->OnMessage(message);
  }
  void OnWritable() override {
    if (*open_) stream_->owner_.OnWritable();
  }
  void OnFinished(const Status& status, const http::Headers&) override {
    if (std::exchange(*open_, false)) stream_->OnEnded(status);
  }

 private:
  ResumedStream* const stream_;
  const std::shared_ptr<bool> open_;
};

ResumedStream::ResumedStream(Session* session, const char* path, bool require_leader, Owner* owner)
    : session_(*session),
      path_(path),
      require_leader_(require_leader),
      owner_(*owner),
      timer_(session->loop().NewTimer([this] { Begin(); })) {}

ResumedStream::~ResumedStream() {
  *alive_ = false;
  Close();
}

void ResumedStream::Open() {
  if (std::exchange(wanted_, true)) return;
  OpenAfter(runtime::Duration(0));
}

void ResumedStream::Close() {
  wanted_ = false;
  LetGo();
  attempts_ = 0;
  renewals_ = 0;
}

void ResumedStream::Break(const Status& status) {
  LetGo();
  OnEnded(status);
}

void ResumedStream::Send(const google::protobuf::MessageLite& message) {
  call_->Send(rpc::Message(message.SerializeAsString()));
}

bool ResumedStream::NeedsToken(const Status& status) const {
  if (!session_.NeedsToken(status)) return false;
  // The store's revision may be another each time.
  return renewals_ == 0 ||
         (status == base::errors::kAuthOldRevision && renewals_ < session_.settings().max_attempts);
}

// By the timer even without a wait: not inside the events of the call before.
void ResumedStream::OpenAfter(runtime::Duration wait) {
  opening_ = true;
  timer_->Arm(wait);
}

void ResumedStream::Begin() {
  opening_ = false;
  const uint32_t avoided = call_ == nullptr ? 0 : call_->endpoint();
  const auto open = std::make_shared<bool>(true);
  open_ = open;
  serving_since_.reset();
  token_number_ = session_.token_number();
  // The end of the call before may be told while this one begins: that was let go of.
  std::shared_ptr<rpc::ClientCall> call =
      session_.StartStream(path_, require_leader_, avoided, std::make_unique<Handler>(this, open));
  call_ = std::move(call);
  if (*open) owner_.OnOpened();
}

void ResumedStream::LetGo() {
  opening_ = false;
  timer_->Disarm();
  session_.GiveUpToken(std::exchange(ticket_, 0));
  if (open_ == nullptr) return;
  *std::exchange(open_, nullptr) = false;
  // Kept until the next one begins: this may be one of its events.
  call_->Cancel();
}

void ResumedStream::OnMessage(base::ByteView bytes) {
  if (!serving_since_.has_value()) serving_since_ = session_.loop().clock().Now();
  owner_.OnMessage(bytes);
}

void ResumedStream::OnEnded(const Status& status) {
  open_.reset();
  owner_.OnBroken();
  if (!wanted_) return;
  if (NeedsToken(status)) return RenewToken();
  GoOnAfter(status);
}

void ResumedStream::RenewToken() {
  // A call has got one since.
  if (session_.token_number() != token_number_) return OpenAfter(runtime::Duration(0));
  base::Mark<"client: a stream waits for a new token">();
  opening_ = true;
  const auto go_on = [this, alive = alive_](const Session::Ending& ending) {
    if (!*alive || !opening_) return;
    opening_ = false;
    ticket_ = 0;
    if (!ending.status.ok()) return GoOnAfter(ending.status);
    OpenAfter(renewals_++ == 0 ? runtime::Duration(0) : session_.settings().retry_wait);
  };
  ticket_ = session_.RenewToken(Session::kNoTimeout, go_on);
}

void ResumedStream::GoOnAfter(const Status& status) {
  const runtime::TimePoint now = session_.loop().clock().Now();
  const bool has_served =
      serving_since_.has_value() && now - *serving_since_ >= session_.settings().retry_wait;
  attempts_ = has_served ? 1 : attempts_ + 1;
  renewals_ = 0;
  const runtime::Duration wait = owner_.WaitAfter(status, attempts_);
  // It may be that it was closed, and opened anew.
  if (!wanted_ || opening_) return;
  base::Mark<"client: a stream is opened anew">();
  OpenAfter(wait);
}

}  // namespace client
