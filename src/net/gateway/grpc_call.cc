#include "net/gateway/grpc_call.h"

#include <limits>
#include <utility>

#include "base/check.h"
#include "net/rpc/client_status.h"

namespace gateway {

GrpcCall::GrpcCall(http::Exchange* origin, http::Headers head, Listener* listener)
    : origin_(origin),
      head_(std::move(head)),
      listener_(listener),
      reader_(std::numeric_limits<int32_t>::max()) {}

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
  http::Closing closing;
  closing.kind = kind;
  if (kind == http::Closing::Kind::kReset) closing.code = http::ErrorCode::kCancel;
  handler->OnClosed(closing);
}

void GrpcCall::SendHead(const http::Headers& head, Then then) {
  if (then == Then::kEnd) FinishLater(rpc::StatusOfTrailers(head));
}

void GrpcCall::SendData(http::Chunk chunk, Then then) {
  CHECK(then == Then::kContinue);
  base::ByteView rest = chunk.view();
  while (!rest.empty()) {
    const base::Result<bool> whole = reader_.Read(&rest);
    CHECK(whole.ok());
    if (*whole) {
      listener_->OnMessage(reader_.message());
      reader_.Release();
    }
  }
  listener_->OnGathered();
}

void GrpcCall::SendTrailers(const http::Headers& trailers) {
  FinishLater(rpc::StatusOfTrailers(trailers));
}

void GrpcCall::Reset(http::ErrorCode) {
  FinishLater({base::Code::kInternal, "the call was reset"});
}

void GrpcCall::FinishLater(const base::Status& status) {
  loop().Post([self = shared_from_this(), status] {
    if (self->handler_ == nullptr) return;
    self->Close(http::Closing::Kind::kComplete);
    self->listener_->OnFinished(status);
  });
}

}  // namespace gateway
