#include "net/gateway/grpc_call.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "net/rpc/client_status.h"
#include "runtime/slice.h"

namespace gateway {
namespace {

constexpr size_t kPartBytes = 32 * 1024;

}  // namespace

GrpcCall::GrpcCall(http::Exchange* origin, http::Headers head, Listener* listener)
    : origin_(origin), head_(std::move(head)), listener_(listener) {}

void GrpcCall::Start(http::Service& service) {
  handler_ = service.OnRequest(*this);
}

void GrpcCall::Send(base::ByteView message) {
  if (handler_ == nullptr) return;
  const base::Bytes frame = rpc::Message(message).TakeFrame();
  const auto handler = handler_;
  unread_ += frame.size();
  handler->OnData(frame);
}

void GrpcCall::Consume(size_t bytes) {
  CHECK_LE(bytes, unread_);
  unread_ -= bytes;
  if (bytes > 0) listener_->OnConsumed();
}

void GrpcCall::HalfClose() {
  if (handler_ == nullptr) return;
  const auto handler = handler_;
  handler->OnEnd({});
}

void GrpcCall::OnWritable() {
  if (handler_ == nullptr) return;
  if (!queue_.empty() && !posted_) Deliver();
  TellWritable();
}

void GrpcCall::TellWritable() {
  if (handler_ == nullptr || end_.has_value() || !writable()) return;
  const auto handler = handler_;
  handler->OnWritable();
}

void GrpcCall::OnDrain() {
  if (handler_ == nullptr) return;
  const auto handler = handler_;
  handler->OnDrain();
}

void GrpcCall::Cancel() {
  Close(http::Closing::Kind::kReset);
}

void GrpcCall::Close(http::Closing::Kind kind) {
  const auto handler = std::exchange(handler_, nullptr);
  if (handler == nullptr) return;
  queue_.clear();
  http::Closing closing;
  closing.kind = kind;
  if (kind == http::Closing::Kind::kReset) closing.code = http::ErrorCode::kCancel;
  handler->OnClosed(closing);
}

void GrpcCall::SetCost(Cost cost) {
  cost_ = cost;
  CountCost();
}

void GrpcCall::CountCost() {
  origin_->SetCost(
      {.call = cost_.call, .answers = cost_.answers + queued_bytes_ + message_.capacity()});
}

void GrpcCall::SendHead(const http::Headers& head, Then then) {
  if (then == Then::kEnd) End(rpc::StatusOfTrailers(head), head);
}

void GrpcCall::SendData(http::Chunk chunk, Then then) {
  CHECK(then == Then::kContinue);
  if (chunk.size() == 0) return;
  queued_bytes_ += chunk.size();
  queue_.push_back(std::move(chunk));
  CountCost();
  if (!posted_) Deliver();
}

void GrpcCall::Deliver() {
  runtime::Slice slice(loop().clock());
  while (!queue_.empty()) {
    if (is_long_ && left_ > 0 && !origin_->writable()) break;
    if (slice.IsOver()) {
      posted_ = true;
      loop().PostSlice([self = shared_from_this()] {
        self->posted_ = false;
        if (self->handler_ == nullptr) return;
        self->Deliver();
        self->TellWritable();
      });
      break;
    }
    first_offset_ += DeliverPart(queue_.front().view().substr(first_offset_));
    if (first_offset_ < queue_.front().size()) continue;
    queued_bytes_ -= std::exchange(first_offset_, 0);
    queue_.pop_front();
  }
  CountCost();
  if (queue_.empty() && end_.has_value()) FinishLater();
}

size_t GrpcCall::DeliverPart(base::ByteView bytes) {
  if (prefix_.size() < rpc::kPrefixBytes) return BeginMessage(bytes);
  const base::ByteView part = bytes.substr(0, is_long_ ? std::min(left_, kPartBytes) : left_);
  left_ -= part.size();
  if (is_long_) {
    listener_->OnPart(part);
  } else if (left_ == 0 && message_.empty()) {
    listener_->OnMessage(part);
  } else {
    message_.append(part);
    if (left_ == 0) listener_->OnMessage(message_);
  }
  if (left_ == 0) EndMessage();
  return part.size();
}

size_t GrpcCall::BeginMessage(base::ByteView bytes) {
  const base::ByteView part = bytes.substr(0, rpc::kPrefixBytes - prefix_.size());
  prefix_.append(part);
  if (prefix_.size() < rpc::kPrefixBytes) return part.size();
  left_ = base::Load32Be(prefix_.data() + 1);
  is_long_ = left_ > kWholeBytes;
  if (is_long_) listener_->OnLongMessage(left_);
  if (left_ == 0) {
    listener_->OnMessage({});
    EndMessage();
  }
  return part.size();
}

void GrpcCall::EndMessage() {
  prefix_.clear();
  base::Bytes().swap(message_);
}

void GrpcCall::SendTrailers(const http::Headers& trailers) {
  End(rpc::StatusOfTrailers(trailers), trailers);
}

void GrpcCall::Reset(http::ErrorCode) {
  End({base::Code::kInternal, "the call was reset"});
}

void GrpcCall::End(const base::Status& status, const http::Headers& trailers) {
  end_ = status;
  trailers_ = trailers;
  if (queue_.empty()) FinishLater();
}

void GrpcCall::FinishLater() {
  loop().Post([self = shared_from_this()] {
    if (self->handler_ == nullptr) return;
    self->Close(http::Closing::Kind::kComplete);
    self->listener_->OnFinished(*self->end_, self->trailers_);
  });
}

}  // namespace gateway
