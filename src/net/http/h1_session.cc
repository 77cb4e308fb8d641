#include "net/http/h1_session.h"

#include <algorithm>
#include <charconv>
#include <string>
#include <utility>

#include "base/check.h"
#include "net/http/h1_text.h"

namespace http {
namespace {

base::ByteView ReasonPhrase(int status) {
  switch (status) {
    case 100:
      return "Continue";
    case 101:
      return "Switching Protocols";
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 204:
      return "No Content";
    case 301:
      return "Moved Permanently";
    case 307:
      return "Temporary Redirect";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 410:
      return "Gone";
    case 412:
      return "Precondition Failed";
    case 413:
      return "Request Entity Too Large";
    case 417:
      return "Expectation Failed";
    case 415:
      return "Unsupported Media Type";
    case 421:
      return "Misdirected Request";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    default:
      return "Status";
  }
}

bool HasNoBody(int status) {
  return status < 200 || status == 204 || status == 304;
}

// How a request is answered that could not be read.
base::ByteView RefusalLine(base::Code code) {
  switch (code) {
    case base::Code::kResourceExhausted:
      return "431 Request Header Fields Too Large";
    case base::Code::kUnimplemented:
      return "501 Not Implemented";
    case base::Code::kFailedPrecondition:
      return "417 Expectation Failed";
    default:
      return "400 Bad Request";
  }
}

// Of a body that nobody wants.
constexpr uint64_t kPassedOverMax = 256 * 1024;

// 0 if the length of the body was not announced. The parser has seen that it is a number.
uint64_t AnnouncedBytes(const Headers& head) {
  const base::ByteView text = head.Get("content-length");
  uint64_t bytes = 0;
  std::from_chars(text.data(), text.data() + text.size(), bytes);
  return bytes;
}

// Room for a usual head, made at once.
constexpr size_t kUsualHeadBytes = 512;

}  // namespace

H1Session::H1Session(const Environment* environment, Carrier* carrier, Service* service)
    : environment_(*environment),
      carrier_(carrier),
      service_(service),
      idle_since_(environment->loop->clock().Now()) {}

H1Session::~H1Session() {
  OnConnectionLost(base::Status(base::Code::kUnavailable, "the connection is closing"));
}

// ---- Receiving ----

bool H1Session::TakesInput() const {
  if (parser_ != nullptr && answer_ended_) return !request_ended_ && !close_;  // passes over it
  const bool wanted = parser_ != nullptr ? !request_ended_ : !close_;
  // Who does not take answers is asked nothing more, on a tunnel.
  return wanted && unconsumed_ < environment_.limits.stream_window && !(tunnel_ && blocked_);
}

base::Status H1Session::OnInput(base::ByteView* bytes) {
  base::Status status = TakeInput(bytes);
  left_input_ = !bytes->empty();
  Recount();
  if (status.ok()) status = CheckBudget();
  return status;
}

base::Status H1Session::TakeInput(base::ByteView* bytes) {
  while (!bytes->empty() && TakesInput()) {
    if (tunnel_) {
      OnBody(std::exchange(*bytes, {}));
      if (aborted_) return base::Status(base::Code::kCanceled, "the exchange was given up");
      continue;
    }
    if (partial_.empty()) {
      RETURN_IF_ERROR(Parse(bytes));
      if (IsAmidRequest()) {
        partial_ = *bytes;
        *bytes = {};
        RETURN_IF_ERROR(CheckPartial());
      }
      continue;
    }
    partial_.append(*bytes);
    base::ByteView joined = partial_;
    RETURN_IF_ERROR(Parse(&joined));
    if (IsAmidRequest()) {
      *bytes = {};
      partial_.erase(0, partial_.size() - joined.size());
      RETURN_IF_ERROR(CheckPartial());
    } else {
      // What follows this request's end is within what has just been added.
      *bytes = bytes->substr(bytes->size() - joined.size());
      partial_.clear();
    }
  }
  return {};
}

// One that was answered before its end is over with it.
bool H1Session::IsAmidRequest() const {
  return parser_ != nullptr && !request_ended_ && !tunnel_;
}

// The parser waits for the end of a head, of a chunk's header or of the trailers.
base::Status H1Session::CheckPartial() {
  if (partial_.size() <= environment_.limits.max_http1_header_size) return {};
  return Refuse(base::Status(base::Code::kResourceExhausted, "trailers or chunk header too long"));
}

base::Status H1Session::CheckBudget() {
  if (held_ == 0 || !carrier_->account().IsOver()) return {};
  environment_.counters->of(Abuse::kOverBudget).Add();
  if (!head_sent_) {
    Queue(
        base::Bytes("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n"
                    "Connection: close\r\n\r\n"));
  }
  return base::Status(base::Code::kResourceExhausted, "too much is held for clients");
}

void H1Session::Recount() {
  const size_t held =
      partial_.size() + head_.list_size() + unconsumed_ + held_ + cost_.sum() + unsent_;
  if (held > charged_) carrier_->account().Add(held - charged_);
  if (held < charged_) carrier_->account().Remove(charged_ - held);
  charged_ = held;
}

void H1Session::SetHeld(size_t bytes) {
  held_ = bytes;
  Recount();
}

void H1Session::SetCost(Cost cost) {
  cost_ = cost;
  Recount();
}

bool H1Session::Fits(size_t bytes) const {
  return carrier_->account().FitsAnswer(bytes, unsent_ == 0);
}

base::Status H1Session::Parse(base::ByteView* bytes) {
  if (parser_ == nullptr) {
    H1Parser::Sink* const sink = this;
    parser_ = std::make_unique<H1Parser>(environment_.limits.max_http1_header_size, sink);
    head_started_ = environment_.loop->clock().Now();
  }
  const base::Status status = parser_->Feed(bytes);
  if (aborted_) return base::Status(base::Code::kCanceled, "the exchange was given up");
  if (!status.ok()) return Refuse(status);
  if (parser_->IsDone()) FinishRequest();
  return {};
}

base::Status H1Session::Refuse(const base::Status& reason) {
  const base::Code code = reason.code();
  const bool too_large = code == base::Code::kResourceExhausted;
  environment_.counters->of(too_large ? Abuse::kHeaderListTooLarge : Abuse::kMalformedHttp1).Add();
  if (!head_sent_ && code == base::Code::kFailedPrecondition) {
    RefuseExpectation();
  } else if (!head_sent_) {
    const base::ByteView line = RefusalLine(code);
    base::Bytes answer = "HTTP/1.1 ";
    answer.append(line);
    answer += "\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n";
    if (code != base::Code::kUnimplemented) answer.append(line);
    if (code == base::Code::kInvalidArgument) answer += ": ";
    if (!too_large) answer.append(reason.message());
    Queue(std::move(answer));
  }
  return reason;
}

// Compat: Go's server has read the request, and answers as its handlers do.
void H1Session::RefuseExpectation() {
  base::Bytes answer = parser_->is_http10() ? "HTTP/1.0 " : "HTTP/1.1 ";
  answer.append(RefusalLine(base::Code::kFailedPrecondition)).append("\r\n");
  AppendField(answer, "date", environment_.date->At(environment_.loop->clock().WallNow()));
  Queue(answer + "Content-Length: 0\r\nConnection: close\r\n\r\n");
}

void H1Session::OnHead(const Headers& head) {
  head_ = head;
  request_since_ = *std::exchange(head_started_, std::nullopt);
  continued_ = false;
  passed_over_ = 0;
  drain_told_ = false;
  const bool expects = !head_.Get("expect").empty();  // what else there is, the parser refuses
  handler_ = service_->OnRequest(*this);
  CHECK(handler_ != nullptr);
  if (expects && !head_sent_ && !parser_->is_http10()) {
    continued_ = true;
    Queue(base::Bytes("HTTP/1.1 100 Continue\r\n\r\n"));
  }
}

void H1Session::OnBody(base::ByteView bytes) {
  unconsumed_ += bytes.size();
  if (answer_ended_ || aborted_) return PassOver(bytes.size());
  handler_->OnData(bytes);
}

void H1Session::Consume(size_t bytes) {
  CHECK_LE(bytes, unconsumed_);
  unconsumed_ -= bytes;
  Resume();
}

void H1Session::Resume() {
  if (!left_input_ || !TakesInput()) return;
  left_input_ = false;
  carrier_->ResumeInput();
}

void H1Session::FinishRequest() {
  if (tunnel_) return;
  request_ended_ = true;
  if (!answer_ended_) handler_->OnEnd(Headers());
  if (peer_left_) TellOfDrain();
  FinishExchange();
}

void H1Session::OnEndOfInput() {
  close_ = true;
  // A request cut short will never be whole. A whole one may still be answered, but who has asked
  // may have gone: one that would go on for ever ends.
  if (!request_ended_) {
    aborted_ = true;
  } else {
    TellOfDrain();
  }
}

// As at the end of the input: what would go on for ever ends, and so do the requests that follow.
void H1Session::OnPeerLeft() {
  peer_left_ = true;
  if (request_ended_) TellOfDrain();
}

// ---- Answering ----

void H1Session::SendHead(const Headers& head, Then then) {
  CHECK(!head_sent_);
  head_sent_ = true;
  const int status = StatusCode(head);
  base::Bytes text;
  text.reserve(kUsualHeadBytes);
  text.append(parser_->is_http10() ? "HTTP/1.0 " : "HTTP/1.1 ");
  text.append(std::to_string(status)).append(" ");
  text.append(ReasonPhrase(status)).append("\r\n");
  if (status >= 200) {
    AppendField(text, "date", environment_.date->At(environment_.loop->clock().WallNow()));
  }
  bool has_length = false;
  for (const Headers::Field field : head) {
    if (field.name.starts_with(':')) continue;
    if (field.name == "content-length") has_length = true;
    if (field.name == "connection" && field.value == "close") close_ = true;
    AppendField(text, field.name, field.value);
  }
  if (draining_since_.has_value()) close_ = true;
  if (status == 101) {
    CHECK(parser_->IsDone() && !request_ended_);
    tunnel_ = close_ = true;
    framing_ = Framing::kUntilClose;
  } else if (Method(head_) == "HEAD" || HasNoBody(status)) {
    framing_ = Framing::kNone;
  } else if (has_length) {
    framing_ = Framing::kLength;
  } else if (then == Then::kEnd) {
    framing_ = Framing::kNone;
    AppendField(text, "content-length", "0");
  } else if (parser_->is_http10()) {
    framing_ = Framing::kUntilClose;
    close_ = true;
  } else {
    framing_ = Framing::kChunked;
    AppendField(text, "transfer-encoding", "chunked");
  }
  if (!parser_->keep_alive() || (then == Then::kEnd && LeavesTooMuch())) close_ = true;
  if (head.Find("connection") == std::nullopt) {
    // Each version says what is not usual there.
    if (close_ && !parser_->is_http10()) AppendField(text, "connection", "close");
    if (!close_ && parser_->is_http10()) AppendField(text, "connection", "keep-alive");
  }
  text.append("\r\n");
  Queue(std::move(text));
  if (then == Then::kEnd) EndAnswer();
}

void H1Session::SendData(Chunk chunk, Then then) {
  CHECK(head_sent_ && !answer_ended_);
  const size_t size = chunk.size();
  if (framing_ != Framing::kNone && size > 0) {
    if (framing_ == Framing::kChunked) Queue(ChunkHeader(size));
    Queue(std::move(chunk));
    if (framing_ == Framing::kChunked) Queue(base::Bytes("\r\n"));
  }
  if (then == Then::kEnd) EndAnswer();
}

void H1Session::SendTrailers(const Headers& trailers) {
  CHECK(head_sent_ && !answer_ended_);
  if (framing_ != Framing::kChunked) return EndAnswer();
  base::Bytes text = "0\r\n";
  for (const Headers::Field field : trailers) {
    AppendField(text, field.name, field.value);
  }
  Queue(text + "\r\n");
  framing_ = Framing::kNone;
  EndAnswer();
}

// What nobody wants is read all the same if it is short, as Go's server does; but whoever asked
// whether he should send it does not send it now.
bool H1Session::LeavesTooMuch() const {
  if (parser_->IsDone()) return false;
  const bool asks = !head_.Get("expect").empty() && !continued_;
  return asks || AnnouncedBytes(head_) > kPassedOverMax;
}

void H1Session::PassOver(size_t bytes) {
  passed_over_ += bytes;
  if (passed_over_ > kPassedOverMax) aborted_ = close_ = true;
  Consume(bytes);
}

void H1Session::EndAnswer() {
  if (framing_ == Framing::kChunked) Queue(base::Bytes("0\r\n\r\n"));
  answer_ended_ = true;
  if (!request_ended_ && LeavesTooMuch()) close_ = true;
  Resume();
  carrier_->ScheduleFlush();
}

void H1Session::Queue(Chunk chunk) {
  if (chunk.size() == 0) return;
  unsent_ += chunk.size();
  queue_.push_back(std::move(chunk));
  Recount();
  if (unsent_ >= environment_.limits.stream_send_buffer) blocked_ = true;
  carrier_->ScheduleFlush();
}

void H1Session::Reset(ErrorCode) {
  aborted_ = close_ = true;
  queue_.clear();
  unsent_ = 0;
  carrier_->ScheduleFlush();
}

void H1Session::Produce() {
  OutputBuffer& output = carrier_->output();
  const size_t limit = output.size() + kProduceBytes;
  for (; !queue_.empty() && output.size() < limit; queue_.pop_front()) {
    Chunk& chunk = queue_.front();
    unsent_ -= chunk.size();
    Recount();  // before the output counts it
    if (chunk.size() <= kCopiedChunkBytes) {
      output.Append(chunk.view());
    } else {
      output.AppendReference(chunk.view());
      output.Keep(std::move(chunk));
    }
  }
  UnblockIfThereIsRoom();
  FinishExchange();
}

bool H1Session::HasRoom() const {
  return unsent_ == 0 || carrier_->account().HasRoomForAnswers();
}

bool H1Session::writable() {
  if (!HasRoom()) blocked_ = true;
  return !blocked_;
}

void H1Session::UnblockIfThereIsRoom() {
  if (!blocked_ || unsent_ > environment_.limits.stream_send_buffer / 2 || !HasRoom()) return;
  blocked_ = false;
  Resume();
  if (handler_ != nullptr && !answer_ended_) handler_->OnWritable();
}

// ---- From one exchange to the next ----

void H1Session::FinishExchange() {
  if (!answer_ended_ || !queue_.empty() || handler_ == nullptr) return;
  if (!request_ended_ && !close_) return;
  std::exchange(handler_, nullptr)->OnClosed(Closing{});
  parser_.reset();
  request_ended_ = head_sent_ = answer_ended_ = false;
  unconsumed_ = held_ = 0;
  cost_ = {};
  head_.Recycle();
  if (partial_.empty()) base::Bytes().swap(partial_);
  Recount();
  idle_since_ = environment_.loop->clock().Now();
  Resume();
}

bool H1Session::IsFinished() const {
  if (aborted_) return true;
  return close_ && handler_ == nullptr && queue_.empty();
}

void H1Session::Drain() {
  if (draining_since_.has_value()) return;
  draining_since_ = environment_.loop->clock().Now();
  if (parser_ == nullptr && *draining_since_ - idle_since_ >= kDrainNotice) close_ = true;
  TellOfDrain();
  carrier_->ScheduleFlush();
}

void H1Session::TellOfDrain() {
  if (handler_ == nullptr || answer_ended_ || std::exchange(drain_told_, true)) return;
  handler_->OnDrain();
}

base::Status H1Session::EndDrain(runtime::TimePoint now) {
  if (now - std::max(*draining_since_, idle_since_) < kDrainNotice) return {};
  TellOfDrain();  // an exchange that began meanwhile
  if (handler_ != nullptr && !answer_ended_) return {};
  if (handler_ == nullptr && carrier_->output().empty()) {
    return base::Status(base::Code::kUnavailable, "the server drains, and nothing came");
  }
  close_ = true;  // once what was answered has been read
  carrier_->ScheduleFlush();
  return {};
}

base::Status H1Session::OnTick(runtime::TimePoint now) {
  const Limits& limits = environment_.limits;
  if (head_started_.has_value() && now - *head_started_ > limits.header_timeout) {
    environment_.counters->of(Abuse::kSlowHeaders).Add();
    return base::Status(base::Code::kUnavailable, "a request's head did not end in time");
  }
  if (parser_ == nullptr && now - idle_since_ > limits.http1_idle_timeout) {
    environment_.counters->of(Abuse::kIdle).Add();
    return base::Status(base::Code::kUnavailable, "idle for too long");
  }
  const Account& account = carrier_->account();
  if (handler_ != nullptr && !request_ended_ && !tunnel_ && account.IsScarce() &&
      now - request_since_ > limits.StallTimeout(account.IsMemberShort())) {
    environment_.counters->of(Abuse::kOverBudget).Add();
    return base::Status(base::Code::kUnavailable, "a request's body did not end in time");
  }
  if (draining_since_.has_value()) RETURN_IF_ERROR(EndDrain(now));
  UnblockIfThereIsRoom();  // the member may have more than before
  return {};
}

void H1Session::OnConnectionLost(const base::Status& status) {
  aborted_ = true;
  if (handler_ == nullptr) return;
  const Closing closing{Closing::Kind::kConnectionLost, ErrorCode::kCancel, status, false};
  std::exchange(handler_, nullptr)->OnClosed(closing);
}

}  // namespace http
