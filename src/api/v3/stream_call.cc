#include "api/v3/stream_call.h"

#include "runtime/slice.h"

namespace v3 {

// What net/rpc knows of the call, and what keeps the call alive.
class StreamCall::Handler final : public rpc::CallHandler {
 public:
  explicit Handler(std::shared_ptr<StreamCall> stream) : stream_(std::move(stream)) {}

  void OnMessage(base::ByteView message) override { stream_->Deliver(message); }
  void OnHalfClose() override {
    stream_->Run([this] { stream_->OnHalfClose(); });
  }
  void OnWritable() override { stream_->OnWritable(); }
  void OnDrain() override {
    stream_->Run([this] { stream_->OnStopping(); });
  }
  void OnEnded(const base::Status& status) override { stream_->OnRpcEnded(status); }

 private:
  const std::shared_ptr<StreamCall> stream_;
};

std::unique_ptr<rpc::CallHandler> StreamCall::HandlerOf(std::shared_ptr<StreamCall> stream) {
  return std::make_unique<Handler>(std::move(stream));
}

void StreamCall::EndWith(const base::Status& status) {
  Run([&] { Finish(status); });
}

apply::StateReads& StreamCall::reads() {
  if (reads_ == nullptr) reads_ = context_.frontend().reads();
  return *reads_;
}

base::Result<server::Caller> StreamCall::Identify() const {
  server::Caller caller = caller_;
  ASSIGN_OR_RETURN(caller.identity, context_.Identify(*rpc_));
  return caller;
}

void StreamCall::WhenLinearizable(base::Callback<void()> then) {
  context_.frontend().ReadIndex(
      [weak = weak_from_this(), then = std::move(then)](const base::Status& status) mutable {
        const std::shared_ptr<StreamCall> self = weak.lock();
        if (self == nullptr) return;
        self->Run([&] {
          if (!status.ok()) return self->Fail(status);
          then();
        });
      },
      rpc_->connection().number);
}

base::Callback<void()> StreamCall::Posted(base::Callback<void()> task) {
  return [weak = weak_from_this(), loop = &loop(), task = std::move(task)]() mutable {
    loop->Post([weak = std::move(weak), task = std::move(task)]() mutable {
      if (const std::shared_ptr<StreamCall> self = weak.lock()) self->Run(task);
    });
  };
}

void StreamCall::Send(const google::protobuf::MessageLite& message) {
  if (is_open()) Send(Encode(message));
}

void StreamCall::HoldMessages() {
  holding_ = true;
  if (is_open()) rpc_->PauseReading();
}

void StreamCall::ResumeMessages() {
  holding_ = false;
  if (is_open() && rpc_->writable()) rpc_->ResumeReading();
}

void StreamCall::Deliver(base::ByteView message) {
  Run([&] {
    const auto who = context_.CheckAccess(terms_.access, *rpc_);
    if (!who.ok()) return Finish(who.status());
    if (!context_.admission().Admit(context_, *rpc_, terms_.counting, message)) return;
    OnMessage(message);
  });
  if (is_open() && !rpc_->writable()) rpc_->PauseReading();
}

void StreamCall::OnWritable() {
  const std::shared_ptr<StreamCall> self = shared_from_this();
  if (!holding_) rpc_->ResumeReading();
  if (producing_) Continue();
}

void StreamCall::Continue() {
  producing_ = true;
  if (!posted_) RunSlice();
}

// While it runs posted_ is set, so that a step that calls Continue makes another one and no slice
// within the slice.
void StreamCall::RunSlice() {
  Run([this] {
    runtime::Slice slice(loop().clock());
    posted_ = true;
    while (producing_ && is_open() && rpc_->writable()) {
      if (slice.IsOver()) {
        return loop().PostSlice([self = shared_from_this()] { self->RunSlice(); });
      }
      producing_ = false;
      TakeStep();
    }
    posted_ = false;
    if (!is_open() || !producing_) return;
    rpc_->PauseReading();  // until OnWritable
    OnBlocked();
  });
}

void StreamCall::TakeStep() {
  const base::Result<Next> next = Produce();
  if (!next.ok()) return Finish(next.status());
  if (*next == Next::kEnd) return Finish({});
  producing_ = producing_ || *next == Next::kMore;
}

void StreamCall::OnRpcEnded(const base::Status& status) {
  over_ = true;
  outcome_ = status;
  if (depth_ == 0) End();
}

void StreamCall::End() {
  const std::shared_ptr<StreamCall> self = shared_from_this();
  OnEnded(outcome_);
  reads_.reset();
}

}  // namespace v3
