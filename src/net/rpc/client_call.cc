#include "net/rpc/client_call.h"

#include <utility>

#include "base/check.h"
#include "net/rpc/client_status.h"
#include "net/rpc/gzip.h"
#include "net/rpc/timeout.h"

namespace rpc {
namespace {

using Then = http::Exchange::Then;

// What a call keeps, at most, to be able to start again on another connection.
constexpr size_t kMaxReplayBytes = 4 * 1024 * 1024;

}  // namespace

ClientCall::ClientCall(std::string path, Options options, std::unique_ptr<ClientHandler> handler,
                       DeadlineQueue* deadlines)
    : path_(std::move(path)),
      options_(std::move(options)),
      handler_(std::move(handler)),
      deadlines_(deadlines),
      reader_(options_.max_receive_bytes) {}

ClientCall::~ClientCall() {
  CHECK(finished_ && exchange_ == nullptr);
}

void ClientCall::Register() {
  if (options_.deadline.has_value()) deadlines_->Add(this, *options_.deadline);
}

void ClientCall::Begin(const Route& route, const runtime::Clock& clock) {
  CHECK(exchange_ == nullptr && !finished_);
  http::Headers head = {{":method", "POST"},
                        {":scheme", route.scheme},
                        {":path", path_},
                        {":authority", route.authority},
                        {"content-type", "application/grpc"},
                        {"te", "trailers"},
                        {"grpc-accept-encoding", "gzip"}};
  if (options_.gzip) head.Add("grpc-encoding", "gzip");
  if (options_.deadline.has_value()) {
    head.Add("grpc-timeout", FormatTimeout(*options_.deadline - clock.Now()));
  }
  head.Add(options_.metadata);
  may_be_processed_ = true;
  session_ = route.session;
  inputs_before_ = session_->inputs();
  endpoint_ = route.endpoint;
  exchange_ = &route.session->Request(head, Then::kContinue, shared_from_this());
  for (const base::SharedBytes& frame : sent_) exchange_->SendData(frame, Then::kContinue);
  if (half_closed_) exchange_->SendData(base::Bytes(), Then::kEnd);
}

// ---- Sending ----

void ClientCall::Send(Message message) {
  if (finished_ || half_closed_) return;
  if (options_.gzip && message.size() > 0) {
    Message compressed(GzipCompress(message.view()));
    compressed.MarkCompressed();
    message = std::move(compressed);
  }
  base::Bytes frame = std::move(message).TakeFrame();
  if (replayable_ && !head_received_) {
    const base::SharedBytes shared(frame);
    sent_.push_back(shared);
    sent_bytes_ += shared.size();
    if (exchange_ == nullptr) return;
    if (sent_bytes_ > kMaxReplayBytes) {
      replayable_ = false;
      sent_.clear();
    }
    return exchange_->SendData(shared, Then::kContinue);
  }
  if (exchange_ != nullptr) exchange_->SendData(std::move(frame), Then::kContinue);
}

void ClientCall::HalfClose() {
  if (finished_ || std::exchange(half_closed_, true)) return;
  if (exchange_ != nullptr) exchange_->SendData(base::Bytes(), Then::kEnd);
}

void ClientCall::Cancel() {
  Abort(base::Status(base::Code::kCanceled, "context canceled"), http::ErrorCode::kCancel);
}

// ---- Receiving ----

base::Status ClientCall::CheckHead(const http::Headers& head) const {
  const int status = http::StatusCode(head);
  if (status != 200) return StatusOfHttp(status);
  const base::ByteView type = head.Get("content-type");
  if (type.starts_with("application/grpc")) return {};
  return base::Status(base::Code::kUnknown,
                      "transport: received unexpected content-type \"" + base::Bytes(type) + "\"");
}

void ClientCall::OnHead() {
  if (finished_) return;
  const http::Headers& head = exchange_->received_head();
  head_received_ = true;
  sent_.clear();
  if (head.Find("grpc-status").has_value()) {
    trailers_ = head;  // trailers only
    return;
  }
  if (const base::Status status = CheckHead(head); !status.ok()) {
    return Abort(status, http::ErrorCode::kCancel);
  }
  answer_gzip_ = head.Get("grpc-encoding") == "gzip";
  handler_->OnHead(head);
}

void ClientCall::OnData(base::ByteView bytes) {
  if (finished_) return exchange_->Consume(bytes.size());
  if (!unread_.empty() || paused_) {
    unread_.append(bytes);
    return;
  }
  Deliver(&bytes);
  unread_ = bytes;
}

void ClientCall::Deliver(base::ByteView* bytes) {
  delivering_ = true;
  while (!bytes->empty() && !paused_ && !finished_) {
    const size_t before = bytes->size();
    const base::Result<bool> whole = reader_.Read(bytes);
    if (exchange_ != nullptr) exchange_->Consume(before - bytes->size());
    base::Status status = whole.status();
    if (status.ok() && *whole) status = DeliverOne(reader_.message());
    if (!status.ok()) Abort(status, http::ErrorCode::kCancel);
  }
  delivering_ = false;
  if (finished_) {
    if (exchange_ != nullptr) exchange_->Consume(bytes->size());
    *bytes = {};
  }
}

base::Status ClientCall::DeliverOne(base::ByteView message) {
  if (!reader_.compressed()) {
    handler_->OnMessage(message);
    return {};
  }
  if (!answer_gzip_) {
    return base::Status(base::Code::kInternal,
                        "grpc: compressed flag set with identity or empty encoding");
  }
  ASSIGN_OR_RETURN(const base::Bytes plain, GzipDecompress(message, options_.max_receive_bytes));
  handler_->OnMessage(plain);
  return {};
}

void ClientCall::ResumeReading() {
  paused_ = false;
  if (finished_ || delivering_) return;
  const base::Bytes held = std::exchange(unread_, {});
  base::ByteView rest = held;
  Deliver(&rest);
  unread_ = rest;
}

void ClientCall::OnEnd(const http::Headers& trailers) {
  end_received_ = true;
  if (!trailers.empty()) trailers_ = trailers;
  ResumeReading();
  if (finished_) return;
  if (!trailers_.Find("grpc-status").has_value()) {
    return Finish(StatusOfClosing(http::Closing{}));
  }
  Finish(StatusOfTrailers(trailers_), trailers_);
}

void ClientCall::OnWritable() {
  if (!finished_) handler_->OnWritable();
}

// ---- The end ----

void ClientCall::Finish(const base::Status& status, const http::Headers& trailers) {
  if (std::exchange(finished_, true)) return;
  deadlines_->Remove(this);
  sent_.clear();
  if (exchange_ != nullptr) {
    exchange_->Consume(unread_.size());
    // An answer before the request's end: the rest of the request is of no use.
    if (!half_closed_) exchange_->Reset(http::ErrorCode::kNoError);
  }
  unread_.clear();
  if (on_verdict_ && trailers.Find("grpc-status").has_value()) {
    on_verdict_(endpoint_, status.code() != base::Code::kUnavailable);
  }
  const std::unique_ptr<ClientHandler> handler = std::move(handler_);
  if (!status.ok() && !may_be_processed_) handler->OnUnprocessed();
  handler->OnFinished(status, trailers);
}

void ClientCall::Abort(const base::Status& status, http::ErrorCode code) {
  if (finished_) return;
  if (exchange_ != nullptr) exchange_->Reset(code);
  Finish(status);
}

void ClientCall::OnDeadline() {
  const std::shared_ptr<ClientCall> alive = shared_from_this();
  // Not one byte in all the time of the call.
  if (exchange_ != nullptr && session_->inputs() == inputs_before_) {
    session_->Doubt();
    if (on_verdict_) on_verdict_(endpoint_, false);
  }
  Abort(base::Status(base::Code::kDeadlineExceeded, "context deadline exceeded"),
        http::ErrorCode::kCancel);
}

void ClientCall::OnClosed(const http::Closing& closing) {
  exchange_ = nullptr;
  if (!finished_ && !end_received_) {
    may_be_processed_ = !closing.unprocessed || head_received_;
    const bool repeatable = !may_be_processed_ && replayable_;
    if (repeatable && on_refused_ && on_refused_(shared_from_this())) return;
    Finish(StatusOfClosing(closing));
  }
  if (on_gone_) on_gone_();
}

}  // namespace rpc
