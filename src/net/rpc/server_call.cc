#include "net/rpc/server_call.h"

#include <string>
#include <utility>

#include "base/check.h"
#include "net/rpc/encoding.h"
#include "net/rpc/gzip.h"
#include "runtime/slice.h"

namespace rpc {
namespace {

using Then = http::Exchange::Then;

const http::Headers& AnswerHead(bool gzip) {
  static const http::Headers plain = {{":status", "200"}, {"content-type", "application/grpc"}};
  static const http::Headers compressed = {
      {":status", "200"}, {"content-type", "application/grpc"}, {"grpc-encoding", "gzip"}};
  return gzip ? compressed : plain;
}

void AddStatus(http::Headers& fields, const base::Status& status) {
  fields.Add("grpc-status", std::to_string(static_cast<int>(status.code())));
  if (!status.message().empty()) fields.Add("grpc-message", PercentEncode(status.message()));
}

// Up to here an answer is compressed at once, and above the other not at all: a client gains little
// from what takes the server a tenth of a second. In between in slices.
constexpr size_t kCompressedAtOnce = 8 * 1024;
constexpr size_t kCompressedMax = size_t{4} << 20;

// What is decompressed at once, or in one slice.
constexpr size_t kDecompressedAtOnce = 64 * 1024;

// A message of a stream that is a part of something longer has no more.
constexpr size_t kPartMax = 2 * AnswerQueue::kPieceBytes;

// What a call takes beside itself: who shares it, and its stream's queue and trailers.
constexpr size_t kCallOverheadBytes = 256;

base::Status TooMuchUnsent() {
  return {base::Code::kResourceExhausted, "too many answers wait for the client to take them"};
}

base::Status Internal(base::ByteView text) {
  return base::Status(base::Code::kInternal, text);
}

}  // namespace

struct ServerCall::Decompression {
  Decompression(base::ByteView bytes, size_t max_bytes)
      : compressed(bytes), decompressor(compressed, max_bytes) {}
  size_t held_bytes() const { return compressed.size() + decompressor.held_bytes(); }

  const base::Bytes compressed;
  GzipDecompressor decompressor;
};

ServerCall::ServerCall(http::Exchange* exchange, Method* method, const MessageLimits& limits,
                       DeadlineQueue* deadlines, Encoding encoding)
    : exchange_(exchange),
      method_(method),
      deadlines_(deadlines),
      limits_(limits),
      reader_(limits.max_receive_bytes),
      encoding_(encoding) {}

ServerCall::~ServerCall() {
  CHECK(exchange_ == nullptr);
}

void ServerCall::Start(std::optional<runtime::TimePoint> deadline) {
  CountCost();
  method_->counters.started.Add();
  start_ = loop().clock().Now();
  has_deadline_ = deadline.has_value();
  if (has_deadline_) deadlines_->Add(this, *deadline);
  if (method_->tracer != nullptr) trace_ = method_->tracer->Begin(*this);
  if (method_->streaming) handler_ = method_->streaming(shared_from_this());
}

// ---- Receiving ----

void ServerCall::OnData(base::ByteView bytes) {
  if (finished_) return exchange_->Consume(bytes.size());
  if (unread_ == nullptr && MayDeliver()) Deliver(&bytes);
  Hold(bytes);
}

void ServerCall::Hold(base::ByteView bytes) {
  if (bytes.empty()) return;
  if (unread_ == nullptr) unread_ = std::make_unique<Unread>();
  Unread& unread = *unread_;
  if (unread.taken > unread.bytes.size() / 2) {
    unread.bytes.erase(0, std::exchange(unread.taken, 0));
  }
  unread.bytes.append(bytes);
}

void ServerCall::Deliver(base::ByteView* bytes) {
  delivering_ = true;
  runtime::Slice slice(loop().clock());
  while (!bytes->empty() && MayDeliver() && !finished_) {
    if (slice.IsOver()) {
      DeliverLater();
      break;
    }
    const size_t before = bytes->size();
    const base::Result<bool> whole = reader_.Read(bytes);
    exchange_->Consume(before - bytes->size());
    if (!whole.ok()) {
      Finish(whole.status());
    } else if (*whole) {
      DeliverOne(reader_.message());
      reader_.Release();
    }
    CountHeld();
  }
  delivering_ = false;
  if (finished_) {
    exchange_->Consume(bytes->size());
    *bytes = {};
  }
}

// Many messages that came together, short ones, may be much work.
void ServerCall::DeliverLater() {
  delivery_posted_ = true;
  loop().PostSlice([self = shared_from_this()] {
    self->delivery_posted_ = false;
    if (!self->paused_) self->ResumeReading();
  });
}

void ServerCall::CountHeld() {
  size_t held = reader_.held_bytes();
  if (decompression_ != nullptr) held += decompression_->held_bytes();
  if (held_ == held || exchange_ == nullptr) return;
  held_ = held;
  exchange_->SetHeld(held_);
}

void ServerCall::SetKept(size_t bytes) {
  if (!is_open() || bytes == kept_) return;
  kept_ = bytes;
  CountCost();
}

bool ServerCall::SetGathered(size_t bytes) {
  if (exchange_ == nullptr || bytes == gathered_) return true;
  if (bytes > gathered_ && !exchange_->Fits(bytes - gathered_)) return false;
  gathered_ = bytes;
  CountCost();
  return true;
}

void ServerCall::DropGathered() {
  gathered_ = 0;
  CountCost();
}

void ServerCall::CountCost() {
  if (exchange_ == nullptr) return;
  exchange_->SetCost(
      {.call = sizeof(ServerCall) + kCallOverheadBytes + kept_,
       .answers = gathered_ + reserved_ + (answers_ == nullptr ? 0 : answers_->held_bytes())});
}

void ServerCall::DeliverOne(base::ByteView message) {
  // Compat: grpc-go takes the first message of a unary call, and looks at no more.
  if (got_message_ && method_->kind == Kind::kUnary) return;
  if (got_message_ && !ClientStreams(method_->kind)) {
    return Finish(Internal(
        "cardinality violation: received multiple request messages for non-client-streaming RPC"));
  }
  got_message_ = true;
  method_->counters.messages_received.Add();
  if (!reader_.compressed()) return HandOver(message);
  if (encoding_.request_gzip) return Decompress(message);
  Finish(Internal("grpc: compressed flag set with identity or empty encoding"));
}

void ServerCall::HandOver(base::ByteView message) {
  method_->counters.bytes_received.Add(message.size());
  if (handler_ != nullptr) {
    handler_->OnMessage(message);
  } else {
    method_->unary(shared_from_this(), message);
  }
}

void ServerCall::Decompress(base::ByteView message) {
  GzipDecompressor decompressor(message, limits_.max_receive_bytes);
  if (decompressor.result_bytes() <= kDecompressedAtOnce) {
    const base::Result<bool> done = decompressor.Step(kDecompressedAtOnce + 1);
    if (!done.ok()) return Finish(done.status());
    if (*done) return HandOver(decompressor.result());
  }
  decompression_ = std::make_unique<Decompression>(message, limits_.max_receive_bytes);
  CountHeld();
  ContinueDecompressing();
}

void ServerCall::ContinueDecompressing() {
  loop().PostSlice([self = shared_from_this()] { self->WorkOnRequest(); });
}

void ServerCall::WorkOnRequest() {
  if (decompression_ == nullptr) return;
  const bool waits = is_open();
  const base::Result<bool> done =
      waits ? decompression_->decompressor.Step(kDecompressedAtOnce) : base::Result<bool>(true);
  if (done.ok() && !*done) {
    CountHeld();  // it may have found that there is more
    return ContinueDecompressing();
  }
  if (waits && done.ok()) HandOver(decompression_->decompressor.result());
  decompression_.reset();
  CountHeld();
  if (!done.ok()) return Finish(done.status());
  if (!paused_) ResumeReading();
}

void ServerCall::OnEnd(const http::Headers&) {
  end_received_ = true;
  if (unread_ == nullptr && MayDeliver()) DeliverEnd();
}

void ServerCall::DeliverEnd() {
  if (finished_ || std::exchange(end_delivered_, true)) return;
  // Compat: grpc-go's two ways of saying that a message is missing.
  if (method_->kind == Kind::kUnary && !got_message_) {
    return Finish(
        base::Status(base::Code::kUnknown, reader_.InsideBody() ? "unexpected EOF" : "EOF"));
  }
  if (reader_.InsideMessage()) return Finish(Internal("unexpected EOF"));
  if (!got_message_ && !ClientStreams(method_->kind)) {
    return Finish(Internal(
        "cardinality violation: received no request message from non-client-streaming RPC"));
  }
  if (handler_ != nullptr) handler_->OnHalfClose();
}

void ServerCall::ResumeReading() {
  paused_ = false;
  if (!is_open() || delivering_ || !MayDeliver()) return;
  if (std::unique_ptr<Unread> held = std::move(unread_); held != nullptr) {
    base::ByteView rest = held->rest();
    Deliver(&rest);
    held->taken = held->bytes.size() - rest.size();
    if (!rest.empty()) unread_ = std::move(held);
  }
  if (end_received_ && unread_ == nullptr && MayDeliver()) DeliverEnd();
}

void ServerCall::OnWritable() {
  if (answers_ != nullptr) return ContinueAnswers();
  if (handler_ != nullptr && !finished_) handler_->OnWritable();
}

void ServerCall::OnDrain() {
  if (handler_ != nullptr && !finished_) handler_->OnDrain();
}

// ---- Answering ----

void ServerCall::SendHead() {
  if (!is_open() || std::exchange(head_sent_, true)) return;
  exchange_->SendHead(AnswerHead(encoding_.answer_gzip), Then::kContinue);
}

bool ServerCall::CheckSize(size_t bytes) {
  if (bytes <= limits_.max_send_bytes) return true;
  Finish(base::Status(base::Code::kResourceExhausted,
                      "grpc: trying to send message larger than max (" + std::to_string(bytes) +
                          " vs. " + std::to_string(limits_.max_send_bytes) + ")"));
  return false;
}

bool ServerCall::Reserve(size_t bytes) {
  if (!is_open() || !CheckSize(bytes)) return false;
  if (!exchange_->Fits(bytes)) {
    Finish(TooMuchUnsent());
    return false;
  }
  reserved_ = bytes;
  CountCost();
  return true;
}

void ServerCall::CountSent(size_t bytes) {
  method_->counters.messages_sent.Add();
  method_->counters.bytes_sent.Add(bytes);
  if (answer_listener_ != nullptr) answer_listener_->OnAnswer(bytes);
}

// A part of a longer answer goes while the exchange takes any, as those of a produced message do.
bool ServerCall::MaySend(size_t bytes) const {
  return exchange_->Fits(bytes) || (bytes <= kPartMax && exchange_->writable());
}

void ServerCall::Send(Message message) {
  if (!is_open() || !CheckSize(message.size())) return;
  const size_t size = message.size();
  if (size > reserved_ && !MaySend(size)) return Finish(TooMuchUnsent());
  if (reserved_ > 0) {
    reserved_ = 0;
    CountCost();
  }
  CountSent(size);
  SendHead();
  const bool compressed = encoding_.answer_gzip && size > 0 && size <= kCompressedMax;
  if (compressed && (answers_ != nullptr || size > kCompressedAtOnce)) {
    answers().Compress(std::move(message));
    return CountCost();
  }
  if (compressed) {
    message = Message(GzipCompress(message.view()));
    message.MarkCompressed();
  }
  SendFrame(std::move(message).TakeFrame());
}

void ServerCall::SendFrames(base::SharedBytes frames) {
  if (!is_open()) return;
  CountSent(frames.size() - std::min(frames.size(), kPrefixBytes));
  SendHead();
  SendFrame(std::move(frames));
}

void ServerCall::SendFrame(http::Chunk frame) {
  if (answers_ == nullptr) return exchange_->SendData(std::move(frame), Then::kContinue);
  answers_->SendFrame(std::move(frame));
  CountCost();
}

void ServerCall::Reply(Message message) {
  Send(std::move(message));
  Finish({});
}

void ServerCall::ReplyInPieces(size_t length, Producer producer) {
  if (!is_open() || !CheckSize(length)) return;
  CountSent(length);
  SendHead();
  const bool gzip = encoding_.answer_gzip && length <= kCompressedMax && exchange_->Fits(length);
  produces_ = true;
  answers().Produce(length, std::move(producer), gzip);
  CountCost();
}

AnswerQueue& ServerCall::answers() {
  if (answers_ == nullptr) answers_ = std::make_unique<AnswerQueue>(exchange_);
  ContinueAnswers();
  return *answers_;
}

void ServerCall::ContinueAnswers() {
  if (std::exchange(working_, true)) return;
  loop().PostSlice([self = shared_from_this()] { self->WorkOnAnswers(); });
}

void ServerCall::WorkOnAnswers() {
  working_ = false;
  if (answers_ == nullptr) return;
  const base::Result<AnswerQueue::Progress> progress = answers_->Work();
  const bool done = !progress.ok() || *progress == AnswerQueue::Progress::kDone;
  if (done) answers_.reset();
  CountCost();
  if (!progress.ok()) return Finish(progress.status());
  if (*progress == AnswerQueue::Progress::kMore) return ContinueAnswers();
  if (!done) return;
  if (std::exchange(produces_, false)) return Finish({});
  if (handler_ != nullptr && writable() && !finished_) handler_->OnWritable();
}

void ServerCall::Finish(const base::Status& status, const http::Headers& trailers) {
  if (!is_open()) return;
  CountEnd(status);
  finished_ = true;
  deadlines_->Remove(this);
  SendEnd(status, trailers);
  if (unread_ != nullptr) exchange_->Consume(std::exchange(unread_, nullptr)->rest().size());
  if (handler_ != nullptr) handler_->OnEnded(status);
}

void ServerCall::SendEnd(const base::Status& status, const http::Headers& trailers) {
  static const http::Headers kOkTrailers = {{"grpc-status", "0"}};
  if (!head_sent_) {
    http::Headers head = AnswerHead(false);
    AddStatus(head, status);
    head.Add(trailers);
    return exchange_->SendHead(head, Then::kEnd);
  }
  if (status.ok() && trailers.empty() && answers_ == nullptr) {
    return exchange_->SendTrailers(kOkTrailers);
  }
  http::Headers all;
  AddStatus(all, status);
  all.Add(trailers);
  if (answers_ != nullptr) return answers_->End(std::move(all));
  exchange_->SendTrailers(all);
}

// ---- The end ----

void ServerCall::CountEnd(const base::Status& status) {
  const base::Code code = status.code();
  method_->counters.handled[static_cast<size_t>(code)].Add();
  if (method_->on_ended) method_->on_ended({*this, code, loop().clock().Now() - start_});
  if (trace_ == nullptr) return;
  trace_->EndCall(status);
  trace_.reset();
}

void ServerCall::OnDeadline() {
  const std::shared_ptr<ServerCall> alive = shared_from_this();
  answers_.reset();  // nobody waits for the rest
  Finish(base::Status(base::Code::kDeadlineExceeded, "context deadline exceeded"));
}

void ServerCall::OnClosed(const http::Closing& closing) {
  if (!finished_) {
    const bool lost = closing.kind == http::Closing::Kind::kConnectionLost;
    Cancel(base::Status(base::Code::kCanceled,
                        lost ? "the connection to the client was lost" : "context canceled"));
  }
  answers_.reset();
  decompression_.reset();
  exchange_ = nullptr;
  handler_.reset();
}

std::shared_ptr<const std::atomic<bool>> ServerCall::gone() {
  if (gone_ == nullptr) gone_ = std::make_shared<std::atomic<bool>>(!is_open());
  return gone_;
}

void ServerCall::Cancel(const base::Status& status) {
  CountEnd(status);
  finished_ = true;
  if (gone_ != nullptr) *gone_ = true;
  deadlines_->Remove(this);
  if (handler_ != nullptr) handler_->OnEnded(status);
}

}  // namespace rpc
