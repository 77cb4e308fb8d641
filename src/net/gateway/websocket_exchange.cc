#include "net/gateway/websocket_exchange.h"

#include <algorithm>
#include <string>
#include <utility>

#include "base/check.h"
#include "net/http/websocket_handshake.h"

namespace gateway {
namespace {

using http::Headers;
using http::WebSocketClose;
using http::WebSocketOpcode;
using Event = http::WebSocketReader::Event;

constexpr base::ByteView kBearer = "Bearer";

base::ByteView Trim(base::ByteView text) {
  const size_t first = std::min(text.find_first_not_of(' '), text.size());
  text.remove_prefix(first);
  return text.substr(0, text.find_last_not_of(' ') + 1);
}

// The value of a cookie, or nothing.
base::ByteView Cookie(const Headers& head, base::ByteView name) {
  for (const Headers::Field field : head) {
    if (field.name != "cookie") continue;
    base::ByteView rest = field.value;
    while (!rest.empty()) {
      const size_t end = std::min(rest.find(';'), rest.size());
      const base::ByteView pair = Trim(rest.substr(0, end));
      const size_t equals = std::min(pair.find('='), pair.size());
      if (pair.substr(0, equals) == name) return pair.substr(std::min(equals + 1, pair.size()));
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
  }
  return {};
}

std::string Authorization(const Headers& head) {
  const base::ByteView token = Cookie(head, "token");
  if (!token.empty()) return "Bearer " + std::string(token);
  const base::ByteView protocols = head.Get("sec-websocket-protocol");
  const size_t bearer = protocols.find("Bearer,");
  if (bearer == base::ByteView::npos) return "";
  return "Bearer " + std::string(Trim(protocols.substr(bearer + kBearer.size() + 1)));
}

// The head of the POST request.
Headers RequestOf(const Headers& head) {
  Headers request = {
      {":method", "POST"}, {":path", http::Path(head)}, {":authority", head.Get(":authority")}};
  const std::string authorization = Authorization(head);
  if (!authorization.empty()) request.Add("authorization", authorization);
  return request;
}

// A line that is longer is sent in frames of about that size, so that it is never kept as a whole.
constexpr size_t kFragmentBytes = 64 * 1024;

}  // namespace

std::shared_ptr<http::ExchangeHandler> WebSocketExchange::Answer(http::Exchange* socket,
                                                                 const Options& options,
                                                                 Requests requests,
                                                                 const Answerer& answer) {
  const Headers& head = socket->received_head();
  Headers reply = http::AnswerToWebSocket(head);
  if (http::StatusCode(reply) != 101) {
    socket->SendHead(reply, Then::kEnd);
    return std::make_shared<http::IgnoringHandler>(socket);
  }
  if (head.Get("sec-websocket-protocol").starts_with(kBearer)) {
    reply.Add("sec-websocket-protocol", kBearer);
  }
  socket->SendHead(reply, Then::kContinue);
  auto exchange = std::make_shared<WebSocketExchange>(socket, options, requests);
  exchange->Start(answer);
  return exchange;
}

WebSocketExchange::WebSocketExchange(http::Exchange* socket, const Options& options,
                                     Requests requests)
    : socket_(*socket),
      options_(options),
      requests_(requests),
      head_(RequestOf(socket->received_head())),
      reader_(options.max_message_bytes),
      timer_(socket->loop().NewTimer([this] { OnSilence(); })) {}

void WebSocketExchange::Start(const Answerer& answer) {
  timer_->Arm(options_.interval);
  handler_ = answer(*this);
  if (requests_ != Requests::kNone) return;
  asked_ = requests_ended_ = true;
  handler_->OnEnd({});
}

// ---- From the client ----

void WebSocketExchange::OnData(base::ByteView bytes) {
  held_ += bytes.size();
  heard_ = true;
  pinged_ = false;
  while (!ended_) {
    std::optional<Event> event = reader_.Read(&bytes);
    if (!event.has_value()) break;
    OnEvent(*std::move(event));
  }
  TakeInput();
  if (!ended_) CountHeld();
}

void WebSocketExchange::SetHeld(size_t bytes) {
  kept_ = bytes;
  if (!ended_) CountHeld();
}

void WebSocketExchange::CountHeld() {
  socket_.SetHeld(reader_.held_bytes() + kept_);
}

void WebSocketExchange::Consume(size_t bytes) {
  CHECK_LE(bytes, unread_);
  unread_ -= bytes;
  TakeInput();
}

void WebSocketExchange::TakeInput() {
  if (unread_ == 0 || closed_) socket_.Consume(std::exchange(held_, 0));
}

void WebSocketExchange::OnEvent(Event event) {
  switch (event.kind) {
    case Event::Kind::kMessage:
      if (requests_ended_ || closed_) return;
      asked_ = true;
      event.payload += '\n';
      unread_ += event.payload.size();
      handler_->OnData(event.payload);
      if (requests_ != Requests::kOne || closed_) return;
      requests_ended_ = true;
      return handler_->OnEnd({});
    case Event::Kind::kPing:
      // A client that pings and does not read is owed the newest answer only.
      if (closed_ || !socket_.writable()) return;
      return socket_.SendData(http::WebSocketFrame(WebSocketOpcode::kPong, event.payload),
                              Then::kContinue);
    case Event::Kind::kPong:
      if (draining_) OnDrained();
      return;
    case Event::Kind::kClose:
    case Event::Kind::kViolation:
      Close(event.close);
      return End();
  }
}

// ---- To the client ----

void WebSocketExchange::SendHead(const Headers&, Then then) {
  if (then == Then::kEnd) CloseAndWait();
}

void WebSocketExchange::SendData(http::Chunk chunk, Then then) {
  if (closed_) return;
  SendLines(chunk.view());
  if (then != Then::kEnd) return;
  SendLines("\n");
  CloseAndWait();
}

void WebSocketExchange::SendTrailers(const Headers&) {
  CloseAndWait();
}

void WebSocketExchange::SendLines(base::ByteView bytes) {
  for (size_t end; (end = bytes.find('\n')) != base::ByteView::npos; bytes.remove_prefix(end + 1)) {
    line_.append(bytes.substr(0, end));
    if (!line_.empty() || in_message_) SendFragment(/*ends=*/true);
  }
  line_.append(bytes);
  if (line_.size() >= kFragmentBytes) SendFragment(/*ends=*/false);
}

void WebSocketExchange::SendFragment(bool ends) {
  const auto opcode = in_message_ ? WebSocketOpcode::kContinuation : WebSocketOpcode::kText;
  socket_.SendData(http::WebSocketFrame(opcode, line_, ends), Then::kContinue);
  in_message_ = !ends;
  base::Bytes().swap(line_);
}

void WebSocketExchange::Close(WebSocketClose reason) {
  if (std::exchange(closed_, true)) return;
  socket_.SendData(http::WebSocketCloseFrame(reason), Then::kContinue);
}

void WebSocketExchange::CloseAndWait(WebSocketClose reason) {
  Close(reason);
  timer_->Arm(options_.patience);
}

void WebSocketExchange::End() {
  ended_ = true;
  timer_->Disarm();
  socket_.SendData({}, Then::kEnd);
}

void WebSocketExchange::Reset(http::ErrorCode code) {
  closed_ = ended_ = true;
  timer_->Disarm();
  socket_.Reset(code);
}

void WebSocketExchange::OnWritable() {
  if (!closed_) handler_->OnWritable();
}

void WebSocketExchange::OnDrain() {
  if (closed_) return;
  if (asked_) return handler_->OnDrain();
  draining_ = true;
  socket_.SendData(http::WebSocketFrame(WebSocketOpcode::kPing, ""), Then::kContinue);
  timer_->Arm(options_.patience);
}

void WebSocketExchange::OnDrained() {
  draining_ = false;
  if (closed_) return;
  if (asked_) return handler_->OnDrain();
  CloseAndWait(WebSocketClose::kGoingAway);
}

void WebSocketExchange::OnSilence() {
  if (closed_) return End();
  if (draining_) return OnDrained();
  if (pinged_) return Reset(http::ErrorCode::kCancel);
  const bool silent = !std::exchange(heard_, false);
  if (silent) {
    pinged_ = true;
    socket_.SendData(http::WebSocketFrame(WebSocketOpcode::kPing, ""), Then::kContinue);
  }
  timer_->Arm(silent ? options_.patience : options_.interval);
}

void WebSocketExchange::OnClosed(const http::Closing& closing) {
  closed_ = ended_ = true;
  timer_->Disarm();
  handler_->OnClosed(closing);
}

}  // namespace gateway
