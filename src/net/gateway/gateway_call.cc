#include "net/gateway/gateway_call.h"

#include <google/protobuf/descriptor.h>

#include <charconv>
#include <utility>

#include "base/come_back.h"
#include "net/gateway/error_json.h"
#include "net/gateway/transcoder.h"

namespace gateway {
namespace {

using Then = http::Exchange::Then;

base::Status TooMuchUnsent() {
  return {base::Code::kResourceExhausted, "too many answers wait for the client to take them"};
}

// HTTP's way to say it (RFC 9110, 10.2.3): in whole seconds, rounded up.
std::string RetryAfter(const http::Headers& trailers) {
  const std::string text(trailers.Get(base::kComeBackTrailer));
  int64_t milliseconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), milliseconds);
  if (error != std::errc() || milliseconds < 0) return {};
  return std::to_string((milliseconds + 999) / 1000);
}

}  // namespace

GatewayCall::GatewayCall(const Gateway* gateway, const Route* route, http::Headers grpc_head,
                         http::Exchange* exchange)
    : gateway_(*gateway),
      route_(*route),
      exchange_(exchange),
      call_(std::make_shared<GrpcCall>(exchange, std::move(grpc_head),
                                       static_cast<GrpcCall::Listener*>(this))),
      values_(gateway->options_.max_message_bytes) {}

void GatewayCall::Start() {
  call_->Start(gateway_.grpc_);
}

void GatewayCall::OnData(base::ByteView bytes) {
  held_ += bytes.size();
  if (answered_) return TakeInput();
  if (route_.method->client_streaming()) {
    values_.Append(bytes);
    SendValues();
    TakeInput();
    return CountHeld();
  }
  TakeInput();
  body_.append(bytes);
  CountHeld();
  if (body_.size() > gateway_.options_.max_message_bytes) {
    AnswerUnasked({base::Code::kResourceExhausted,
                   "grpc: received message larger than max (" + std::to_string(body_.size()) +
                       " vs. " + std::to_string(gateway_.options_.max_message_bytes) + ")"});
  }
}

void GatewayCall::OnEnd(const http::Headers&) {
  if (answered_) return;
  if (!route_.method->client_streaming()) return SendWholeBody();
  if (values_.InsideValue()) {
    return AnswerError({base::Code::kInvalidArgument, "json: unexpected end of input"});
  }
  call_->HalfClose();
}

void GatewayCall::CountHeld() {
  if (exchange_ == nullptr) return;
  exchange_->SetHeld(values_.held_bytes() + body_.size() + answer_.size());
}

void GatewayCall::SendWholeBody() {
  const base::Result<base::Bytes> request = ToBinary(*route_.method->input_type(), body_);
  if (!request.ok()) return AnswerUnasked(request.status());
  base::Bytes().swap(body_);
  call_->Start(gateway_.grpc_);
  call_->Send(*request);
  call_->HalfClose();
}

void GatewayCall::SendValues() {
  while (!answered_) {
    base::Result<std::optional<base::Bytes>> value = values_.Next();
    if (!value.ok()) return AnswerError(value.status());
    if (!value->has_value()) return;
    const base::Result<base::Bytes> request = ToBinary(*route_.method->input_type(), **value);
    if (!request.ok()) return AnswerError(request.status());
    call_->Send(*request);
  }
}

void GatewayCall::TakeInput() {
  if (exchange_ == nullptr || (!answered_ && call_->unread_bytes() > 0)) return;
  exchange_->Consume(std::exchange(held_, 0));
}

void GatewayCall::OnMessage(base::ByteView message) {
  if (answered_ || !broken_.ok()) return;
  base::Result<base::Bytes> json = ToJson(*route_.method->output_type(), message);
  if (!json.ok()) {
    broken_ = json.status();
    return;
  }
  if (!route_.method->server_streaming()) {
    answer_ = *std::move(json);
    return;
  }
  SendAnswerHead(200);
  exchange_->SendData(R"({"result":)" + *json + "}\n", Then::kContinue);
}

void GatewayCall::OnLongMessage(size_t bytes) {
  if (answered_ || !broken_.ok()) return;
  SendAnswerHead(200);
  const bool is_line = route_.method->server_streaming();
  if (is_line) exchange_->SendData(base::Bytes(R"({"result":)"), Then::kContinue);
  parts_.emplace(route_.method->output_type(), bytes);
}

void GatewayCall::OnPart(base::ByteView part) {
  if (answered_ || !parts_.has_value()) return;
  base::Bytes json;
  json.reserve(64 + part.size() * 3 / 2);
  if (!parts_->Add(part, &json).ok()) return GiveUp();
  if (parts_->done()) {
    if (route_.method->server_streaming()) json += "}\n";
    parts_.reset();
  }
  if (!json.empty()) exchange_->SendData(std::move(json), Then::kContinue);
}

void GatewayCall::OnFinished(const base::Status& status, const http::Headers& trailers) {
  if (answered_) return;
  retry_after_ = RetryAfter(trailers);
  if (!status.ok()) return AnswerError(status);
  if (!broken_.ok()) return AnswerError(broken_);
  if (parts_.has_value()) return GiveUp();
  if (!exchange_->Fits(answer_.size())) return AnswerUnasked(TooMuchUnsent());
  answered_ = true;
  SendWhole(200, std::move(answer_));
}

void GatewayCall::SendAnswerHead(int status, std::optional<size_t> length) {
  if (std::exchange(head_sent_, true)) return;
  http::Headers head = {{":status", std::to_string(status)}, {"content-type", "application/json"}};
  if (status == 200) head.Add("grpc-metadata-content-type", "application/grpc");
  if (!retry_after_.empty()) head.Add("retry-after", retry_after_);
  if (length.has_value()) head.Add("content-length", std::to_string(*length));
  exchange_->SendHead(head, Then::kContinue);
}

void GatewayCall::SendWhole(int status, base::Bytes json) {
  SendAnswerHead(status, json.size());
  exchange_->SendData(std::move(json), Then::kEnd);
}

void GatewayCall::AnswerError(const base::Status& status) {
  const bool is_within = parts_.has_value() || (head_sent_ && !route_.method->server_streaming());
  if (is_within) return GiveUp();
  if (!route_.method->server_streaming()) return AnswerUnasked(status);
  answered_ = true;
  SendAnswerHead(HttpStatusOf(status.code()));
  exchange_->SendData(R"({"error":)" + ErrorJson(status) + "}\n", Then::kEnd);
}

void GatewayCall::AnswerUnasked(const base::Status& status) {
  answered_ = true;
  SendWhole(HttpStatusOf(status.code()), ErrorJson(status));
}

void GatewayCall::GiveUp() {
  answered_ = true;
  exchange_->Reset(http::ErrorCode::kInternalError);
}

void GatewayCall::OnClosed(const http::Closing&) {
  exchange_ = nullptr;
  answered_ = true;
  call_->Cancel();
}

}  // namespace gateway
