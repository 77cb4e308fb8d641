#include "net/http/client_request.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/duration_text.h"

namespace http {
namespace {

constexpr runtime::Duration kNever = runtime::Duration::max();

runtime::Duration Left(runtime::Duration limit, runtime::Duration passed) {
  return limit == kNever ? kNever : std::max(limit - passed, runtime::Duration(0));
}

// For whoever asks before it has arrived.
const Headers kNoHead;

}  // namespace

ClientRequest::ClientRequest(Client* client, Headers head, Then then,
                             std::shared_ptr<ExchangeHandler> handler,
                             const Client::Timeouts& timeouts)
    : client_(client),
      head_(std::move(head)),
      then_(then),
      handler_(std::move(handler)),
      timeouts_(timeouts),
      started_at_(client->loop_->clock().Now()),
      send_ended_(then == Then::kEnd),
      timer_(client->loop_->NewTimer([this] { OnTimer(); })) {
  unconnected_.peer = client_->address();
}

ClientRequest::~ClientRequest() {
  CHECK(handler_ == nullptr && exchange_ == nullptr);
}

// ---- Until there is a connection ----

void ClientRequest::Wait() {
  waits_since_ = client_->loop_->clock().Now();
  is_connected_ = false;
  ArmTimer();
}

void ClientRequest::ArmTimer() {
  if (is_ending()) return timer_->Arm(runtime::Duration(0));
  const runtime::TimePoint now = client_->loop_->clock().Now();
  runtime::Duration left = Left(timeouts_.total, now - started_at_);
  if (!is_connected_) left = std::min(left, Left(timeouts_.connect, now - waits_since_));
  if (left == kNever) return timer_->Disarm();
  timer_->Arm(left);
}

void ClientRequest::Begin(H1ClientSession* session, bool kept) {
  CHECK(exchange_ == nullptr && !is_ending());
  session_ = session;
  kept_ = kept;
  is_connected_ = true;
  ArmTimer();
  exchange_ =
      &session->Request(head_, then_, shared_from_this(), {timeouts_.read, timeouts_.write});
  for (; !queue_.empty(); queue_.pop_front()) {
    const bool is_last = queue_.size() == 1 && send_ended_ && !trailers_.has_value();
    exchange_->SendData(std::move(queue_.front()), is_last ? Then::kEnd : Then::kContinue);
  }
  queued_bytes_ = 0;
  if (trailers_.has_value()) exchange_->SendTrailers(*trailers_);
  if (std::exchange(blocked_, false) && exchange_->writable()) handler_->OnWritable();
}

void ClientRequest::FailSoon(base::Status why) {
  ends_with_ = Closing{Closing::Kind::kConnectionLost, ErrorCode::kCancel, std::move(why), false};
  ArmTimer();
}

void ClientRequest::Fail(const base::Status& why) {
  if (exchange_ != nullptr) return;
  if (is_ending()) return Finish(*ends_with_);
  Finish({Closing::Kind::kConnectionLost, ErrorCode::kCancel, why, false});
}

void ClientRequest::OnTimer() {
  const std::shared_ptr<ClientRequest> self = shared_from_this();
  if (is_ending()) {
    client_->Withdraw(this);
    return Finish(*ends_with_);
  }
  const runtime::Duration passed = client_->loop_->clock().Now() - started_at_;
  const bool all = passed >= timeouts_.total;
  const base::Status why(
      base::Code::kDeadlineExceeded,
      all ? "the request did not end within " + base::FormatDuration(timeouts_.total)
          : "no connection came about within " + base::FormatDuration(timeouts_.connect));
  if (exchange_ != nullptr) return client_->Abort(this, why);
  client_->Withdraw(this);
  Fail(why);
}

// ---- Exchange ----

const Headers& ClientRequest::received_head() const {
  return exchange_ == nullptr ? kNoHead : exchange_->received_head();
}

const ConnectionInfo& ClientRequest::connection() const {
  return exchange_ == nullptr ? unconnected_ : exchange_->connection();
}

runtime::Loop& ClientRequest::loop() {
  return *client_->loop_;
}

void ClientRequest::SendHead(const Headers&, Then) {
  CHECK(false);  // a request's head goes with Start
}

void ClientRequest::SendData(Chunk chunk, Then then) {
  CHECK(!send_ended_);
  send_ended_ = then == Then::kEnd;
  if (exchange_ != nullptr) return exchange_->SendData(std::move(chunk), then);
  if (is_ending()) return;
  queued_bytes_ += chunk.size();
  queue_.push_back(std::move(chunk));
  if (queued_bytes_ >= client_->options_.limits.stream_send_buffer) blocked_ = true;
}

void ClientRequest::SendTrailers(const Headers& trailers) {
  CHECK(!send_ended_);
  send_ended_ = true;
  if (exchange_ != nullptr) return exchange_->SendTrailers(trailers);
  trailers_ = trailers;
}

void ClientRequest::Reset(ErrorCode code) {
  if (exchange_ != nullptr) return exchange_->Reset(code);
  if (is_ending()) return;
  ends_with_ = Closing{Closing::Kind::kReset, code, {}, false};
  ArmTimer();
}

void ClientRequest::Consume(size_t bytes) {
  if (exchange_ != nullptr) exchange_->Consume(bytes);
}

size_t ClientRequest::unsent_bytes() const {
  return exchange_ == nullptr ? queued_bytes_ : exchange_->unsent_bytes();
}

bool ClientRequest::writable() {
  return exchange_ == nullptr ? !blocked_ : exchange_->writable();
}

// ---- The end ----

// What a server answers to a repetition of these does not depend on whether it has seen the first.
bool ClientRequest::MayRepeat(const Closing& closing) const {
  const base::ByteView method = Method(head_);
  return closing.kind == Closing::Kind::kConnectionLost && kept_ && !repeated_ &&
         !client_->closing_ && !session_->answer_begun() && then_ == Then::kEnd &&
         (method == "GET" || method == "HEAD") &&
         closing.status.code() != base::Code::kDeadlineExceeded;
}

void ClientRequest::OnClosed(const Closing& closing) {
  if (MayRepeat(closing)) {
    exchange_ = nullptr;
    session_ = nullptr;
    repeated_ = true;
    Wait();
    return client_->Repeat(this);
  }
  Finish(closing);
}

void ClientRequest::Finish(const Closing& closing) {
  timer_->Disarm();
  Closing told = closing;
  if (!told.status.ok()) {
    // What fails to connect names the address itself.
    const std::string address = client_->address().ToString();
    if (!told.status.message().starts_with(address)) {
      told.status =
          base::Status(told.status.code(), address + ": " + base::Bytes(told.status.message()));
    }
  }
  // The head is there until the handler knows that the exchange has ended.
  const std::shared_ptr<ClientRequest> self = client_->Forget(this);
  const std::shared_ptr<ExchangeHandler> handler = std::exchange(handler_, nullptr);
  if (told.kind == Closing::Kind::kComplete) {
    client_->TellCompletion(*handler, told);
  } else {
    handler->OnClosed(told);
  }
  exchange_ = nullptr;
  session_ = nullptr;
}

}  // namespace http
