#include "api/v2/call.h"

#include <algorithm>
#include <utility>

namespace v2 {
namespace {

using Then = http::Exchange::Then;

// Compat: Go says the length of answers up to this one, and sends longer ones in chunks.
constexpr size_t kLengthBytesMax = 2048;
constexpr size_t kPieceBytes = 64 * 1024;
// Of events that a stream's client does not take; with more it is given up.
constexpr size_t kUnsentBytesMax = size_t{1} << 20;
// What a watcher takes beside its path, about.
constexpr size_t kWatchBytes = 1024;

}  // namespace

Call::Call(http::Exchange* exchange, OnRequest on_request)
    : exchange_(exchange), on_request_(std::move(on_request)) {
  keeps_body_ = method() == "POST" || method() == "PUT" || method() == "PATCH";
}

void Call::OnData(base::ByteView bytes) {
  exchange_->Consume(bytes.size());
  if (!keeps_body_) return;
  // One byte more tells that it is too long.
  const size_t room = kBodyBytesMax + 1 - body_.size();
  body_.append(bytes.substr(0, room));
  exchange_->SetHeld(body_.capacity());
}

void Call::OnEnd(const http::Headers&) {
  const auto self = shared_from_this();
  std::exchange(on_request_, nullptr)(self);
}

void Call::SendHead(int status, const http::Headers& fields, bool is_whole, size_t size) {
  http::Headers answer = {{":status", std::to_string(status)}};
  answer.Add(fields);
  if (is_whole) answer.Add("content-length", std::to_string(size));
  const bool has_body = method() != "HEAD" && (!is_whole || size > 0);
  exchange_->SendHead(answer, has_body ? Then::kContinue : Then::kEnd);
}

void Call::Send(int status, const http::Headers& fields, base::Bytes body) {
  if (!is_open()) return;
  if (body.size() > kLengthBytesMax) {
    auto held = std::make_shared<base::Bytes>(std::move(body));
    return SendPieces(status, fields, [held, at = size_t{0}](size_t bytes, auto* out) mutable {
      out->append(*held, at, bytes);
      at += std::min(bytes, held->size() - at);
      return at < held->size();
    });
  }
  SendHead(status, fields, true, body.size());
  if (method() == "HEAD" || body.empty()) return;
  exchange_->SendData(std::move(body), Then::kEnd);
}

void Call::SendPieces(int status, const http::Headers& fields, Producer produce) {
  if (!is_open()) return;
  base::Bytes first;
  const bool more = produce(kPieceBytes, &first);
  if (!more && first.size() <= kLengthBytesMax) return Send(status, fields, std::move(first));
  SendHead(status, fields, false, 0);
  if (method() == "HEAD") return;
  if (more) produce_ = std::move(produce);
  exchange_->SendData(std::move(first), more ? Then::kContinue : Then::kEnd);
  Produce();
}

void Call::Produce() {
  while (is_open() && produce_ != nullptr && exchange_->writable()) {
    base::Bytes piece;
    const bool more = produce_(kPieceBytes, &piece);
    if (!more) produce_ = nullptr;
    exchange_->SendData(std::move(piece), more ? Then::kContinue : Then::kEnd);
  }
}

void Call::Start(int status, const http::Headers& fields) {
  if (!is_open()) return;
  body_ = {};
  SendHead(status, fields, false, 0);
  is_parked_ = true;
}

void Call::Watch(Hub* hub, Hub::Wish wish) {
  if (!is_open()) return;
  is_stream_ = wish.stream;
  exchange_->SetCost({.call = kWatchBytes + wish.path.size()});
  hub_ = hub;
  watcher_ = hub->Add(std::move(wish), this);
}

void Call::SendEvent(const base::SharedBytes& json, bool is_stream) {
  if (!is_open()) return;
  // Whoever waits comes again, to what others leave him.
  if (!exchange_->Fits(json.size())) return EndWatch();
  is_parked_ = is_stream;
  exchange_->SendData(json, is_stream ? Then::kContinue : Then::kEnd);
}

void Call::OnEvent(const base::SharedBytes& json) {
  // Before, and not behind: one event may be larger.
  const bool is_slow = is_open() && exchange_->unsent_bytes() > kUnsentBytesMax;
  if (is_slow) return EndWatch();
  SendEvent(json, is_stream_);
}

void Call::OnLost() {
  EndWatch();
}

void Call::OnDrain() {
  if (is_parked_) EndWatch();
}

void Call::EndWatch() {
  if (watcher_ != nullptr) hub_->Remove(std::exchange(watcher_, nullptr).get());
  if (is_open() && std::exchange(is_parked_, false)) exchange_->SendTrailers({});
}

void Call::OnClosed(const http::Closing&) {
  exchange_ = nullptr;
  produce_ = nullptr;
  EndWatch();
}

}  // namespace v2
