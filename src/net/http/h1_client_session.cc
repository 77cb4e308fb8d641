#include "net/http/h1_client_session.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/check.h"
#include "base/duration_text.h"
#include "net/http/h1_text.h"

namespace http {
namespace {

// Before the answer itself; more of them would keep a client waiting for ever.
constexpr int kInterimAnswersMax = 5;

// Room for a usual head, made at once.
constexpr size_t kUsualHeadBytes = 512;

// Whose requests have a body, so that none must be said to be none.
bool UsuallyHasBody(base::ByteView method) {
  return method == "POST" || method == "PUT" || method == "PATCH";
}

base::Status Unavailable(base::ByteView why) {
  return {base::Code::kUnavailable, why};
}

// How a server that expects TLS says that something else came: its record of an alert (RFC 8446
// section 5.1).
constexpr char kTlsAlert = 21;

}  // namespace

H1ClientSession::H1ClientSession(const Environment* environment, Carrier* carrier)
    : environment_(*environment), carrier_(carrier) {}

H1ClientSession::~H1ClientSession() {
  OnConnectionLost(Unavailable("the connection is closing"));
}

// ---- Asking ----

bool H1ClientSession::CanRequest() const {
  return parser_ == nullptr && !close_ && failure_.ok();
}

Exchange& H1ClientSession::Request(const Headers& head, Then then,
                                   std::shared_ptr<ExchangeHandler> handler,
                                   const Timeouts& timeouts) {
  CHECK(CanRequest());
  handler_ = std::move(handler);
  timeouts_ = timeouts;
  to_head_ = Method(head) == "HEAD";
  NewParser();
  base::Bytes text;
  text.reserve(kUsualHeadBytes);
  text.append(Method(head)).append(" ").append(Path(head)).append(" HTTP/1.1\r\n");
  AppendField(text, "host", head.Get(":authority"));
  for (const Headers::Field field : head) {
    if (field.name.starts_with(':')) continue;
    if (field.name == "connection" && field.value == "close") close_ = true;
    AppendField(text, field.name, field.value);
  }
  framing_ = Framing::kNone;
  if (const base::ByteView length = head.Get("content-length"); !length.empty()) {
    framing_ = Framing::kLength;
    std::from_chars(length.data(), length.data() + length.size(), announced_left_);
  } else if (then == Then::kContinue) {
    framing_ = Framing::kChunked;
    AppendField(text, "transfer-encoding", "chunked");
  } else if (UsuallyHasBody(Method(head))) {
    AppendField(text, "content-length", "0");
  }
  Queue(text + "\r\n");
  if (then == Then::kEnd) EndRequest();
  return *this;
}

void H1ClientSession::NewParser() {
  H1ResponseParser::Sink* const sink = this;
  parser_ = std::make_unique<H1ResponseParser>(
      H1ResponseParser::Options{environment_.limits.max_http1_header_size, to_head_}, sink);
}

void H1ClientSession::SendHead(const Headers&, Then) {
  CHECK(false);  // a request's head goes with Request
}

void H1ClientSession::SendData(Chunk chunk, Then then) {
  CHECK(!request_ended_);
  const size_t size = chunk.size();
  if (framing_ == Framing::kLength) {
    if (size > announced_left_) return Reset(ErrorCode::kInternalError);
    announced_left_ -= size;
  }
  if (size > 0) {
    if (framing_ == Framing::kChunked) Queue(ChunkHeader(size));
    Queue(std::move(chunk));
    if (framing_ == Framing::kChunked) Queue(base::Bytes("\r\n"));
  }
  if (then == Then::kEnd) EndRequest();
}

void H1ClientSession::SendTrailers(const Headers& trailers) {
  CHECK(!request_ended_);
  if (framing_ != Framing::kChunked) return EndRequest();
  base::Bytes text = "0\r\n";
  for (const Headers::Field field : trailers) AppendField(text, field.name, field.value);
  Queue(text + "\r\n");
  framing_ = Framing::kNone;
  EndRequest();
}

void H1ClientSession::EndRequest() {
  if (framing_ == Framing::kLength && announced_left_ > 0) Reset(ErrorCode::kInternalError);
  if (framing_ == Framing::kChunked) Queue(base::Bytes("0\r\n\r\n"));
  request_ended_ = true;
  carrier_->ScheduleFlush();
}

void H1ClientSession::Queue(Chunk chunk) {
  if (chunk.size() == 0 || drops_ || !failure_.ok()) return;
  unsent_ += chunk.size();
  queue_.push_back(std::move(chunk));
  if (unsent_ >= environment_.limits.stream_send_buffer) blocked_ = true;
  carrier_->ScheduleFlush();
}

void H1ClientSession::DropUnsent() {
  drops_ = true;
  queue_.clear();
  unsent_ = 0;
  blocked_ = false;
}

void H1ClientSession::Produce() {
  OutputBuffer& output = carrier_->output();
  const size_t limit = output.size() + kProduceBytes;
  for (; !queue_.empty() && output.size() < limit; queue_.pop_front()) {
    Chunk& chunk = queue_.front();
    unsent_ -= chunk.size();
    if (chunk.size() <= kCopiedChunkBytes) {
      output.Append(chunk.view());
    } else {
      output.AppendReference(chunk.view());
      output.Keep(std::move(chunk));
    }
  }
  if (!blocked_ || unsent_ > environment_.limits.stream_send_buffer / 2) return;
  blocked_ = false;
  if (handler_ != nullptr && !request_ended_) handler_->OnWritable();
}

bool H1ClientSession::OutlivesWriteFailure() {
  if (handler_ == nullptr || !failure_.ok()) return false;
  DropUnsent();
  close_ = true;
  return true;
}

void H1ClientSession::Reset(ErrorCode code) {
  if (!reset_.has_value()) reset_ = code;
  Fail({base::Code::kCanceled, "the request was given up"});
}

void H1ClientSession::Fail(base::Status why) {
  if (failure_.ok()) failure_ = std::move(why);
  DropUnsent();
  carrier_->ScheduleFlush();
}

// ---- The answer ----

bool H1ClientSession::TakesInput() const {
  return unconsumed_ < environment_.limits.stream_window;
}

base::Status H1ClientSession::OnInput(base::ByteView* bytes) {
  if (silent_since_.has_value()) silent_since_ = environment_.loop->clock().Now();
  while (!bytes->empty() && failure_.ok() && !IsFinished()) {
    if (handler_ == nullptr) return Unavailable("the server sent what nobody had asked for");
    if (!TakesInput()) {
      left_input_ = true;
      break;
    }
    if (!std::exchange(answer_begun_, true) && bytes->front() == kTlsAlert) {
      Fail(Unavailable("the server speaks only TLS here"));
      break;
    }
    Parse(bytes);
  }
  return failure_;
}

void H1ClientSession::Parse(base::ByteView* bytes) {
  const bool joins = !partial_.empty();
  if (joins) partial_.append(*bytes);
  base::ByteView rest = joins ? base::ByteView(partial_) : *bytes;
  base::Status status = parser_->Feed(&rest);
  if (!failure_.ok()) return;  // the exchange was given up meanwhile
  if (!status.ok()) {
    return Fail(
        {status.code(), "the server's answer is malformed: " + base::Bytes(status.message())});
  }
  if (parser_->IsDone()) {
    // What follows the answer's end is within what has just been added.
    *bytes = bytes->substr(bytes->size() - rest.size());
    partial_.clear();
    return FinishAnswer(/*more_follows=*/!bytes->empty());
  }
  // The parser waits for the end of a head, of a chunk's header or of the trailers.
  if (joins) {
    partial_.erase(0, partial_.size() - rest.size());
  } else {
    partial_ = rest;
  }
  *bytes = {};
  if (partial_.size() > environment_.limits.max_http1_header_size) {
    Fail({base::Code::kResourceExhausted, "the server's answer has too long a head or trailers"});
  }
}

void H1ClientSession::OnHead(const Headers& head) {
  const int status = StatusCode(head);
  if (status < 200) {
    if (status == 101) return Fail(Unavailable("the server changed the protocol unasked"));
    if (++interim_answers_ > kInterimAnswersMax) {
      Fail(Unavailable("the server sent too many interim answers"));
    }
    return;
  }
  head_ = head;
  handler_->OnHead();
}

void H1ClientSession::OnBody(base::ByteView bytes) {
  if (!failure_.ok()) return;
  unconsumed_ += bytes.size();
  handler_->OnData(bytes);
}

void H1ClientSession::Consume(size_t bytes) {
  CHECK_LE(bytes, unconsumed_);
  unconsumed_ -= bytes;
  if (left_input_ && TakesInput()) {
    left_input_ = false;
    carrier_->ResumeInput();
  }
}

void H1ClientSession::FinishAnswer(bool more_follows) {
  if (head_.empty()) return NewParser();  // it was an interim one
  if (more_follows || !parser_->keep_alive()) close_ = true;
  handler_->OnEnd(parser_->trailers());
  if (failure_.ok()) FinishExchange();
}

void H1ClientSession::OnEndOfInput() {
  close_ = true;
  if (handler_ == nullptr || !failure_.ok()) return;
  if (parser_->EndsWithConnection()) return FinishAnswer(/*more_follows=*/false);
  if (answer_begun_) return Fail(Unavailable("the server closed the connection amid its answer"));
  base::Bytes why = "the server closed the connection before it answered";
  if (is_first_ && !carrier_->info().tls) why += "; it may speak only TLS here";
  Fail(Unavailable(why));
}

// ---- From one exchange to the next ----

void H1ClientSession::FinishExchange() {
  // What is left of the request would be taken for the next one.
  if (!request_ended_ || !queue_.empty() || !carrier_->output().empty()) close_ = true;
  if (close_) DropUnsent();
  std::exchange(handler_, nullptr)->OnClosed(Closing{});
  parser_.reset();
  partial_.clear();
  head_.Recycle();
  is_first_ = request_ended_ = answer_begun_ = left_input_ = blocked_ = false;
  interim_answers_ = 0;
  unconsumed_ = 0;
  silent_since_.reset();
  stuck_since_.reset();
  if (close_) {
    carrier_->ScheduleFlush();
  } else {
    carrier_->OnReady();
  }
}

bool H1ClientSession::IsFinished() const {
  return !failure_.ok() || (close_ && handler_ == nullptr);
}

void H1ClientSession::Drain() {
  close_ = true;
  carrier_->ScheduleFlush();
}

base::Status H1ClientSession::OnTick(runtime::TimePoint now) {
  if (handler_ == nullptr) return {};
  RETURN_IF_ERROR(CheckSilence(now));
  return CheckWriting(now);
}

base::Status H1ClientSession::CheckSilence(runtime::TimePoint now) {
  const bool is_sent = request_ended_ && queue_.empty() && carrier_->output().empty();
  if (!(answer_begun_ || is_sent) || !TakesInput()) {
    silent_since_.reset();
  } else if (!silent_since_.has_value()) {
    silent_since_ = now;
  } else if (now - *silent_since_ >= timeouts_.read) {
    return {base::Code::kDeadlineExceeded,
            "no byte arrived from the server for " + base::FormatDuration(timeouts_.read)};
  }
  return {};
}

base::Status H1ClientSession::CheckWriting(runtime::TimePoint now) {
  const OutputBuffer& output = carrier_->output();
  if (output.empty()) {
    stuck_since_.reset();
  } else if (!stuck_since_.has_value() || flushed_when_stuck_ != output.total_flushed()) {
    stuck_since_ = now;
    flushed_when_stuck_ = output.total_flushed();
  } else if (now - *stuck_since_ >= timeouts_.write) {
    return {base::Code::kDeadlineExceeded,
            "the server took no byte for " + base::FormatDuration(timeouts_.write)};
  }
  return {};
}

void H1ClientSession::OnConnectionLost(const base::Status& status) {
  if (failure_.ok()) failure_ = status;
  if (handler_ == nullptr) return;
  Closing closing{Closing::Kind::kConnectionLost, ErrorCode::kCancel, failure_, false};
  if (reset_.has_value()) closing = {Closing::Kind::kReset, *reset_, {}, false};
  std::exchange(handler_, nullptr)->OnClosed(closing);
}

}  // namespace http
