#include "net/peer/stream_writer.h"

#include <algorithm>
#include <string>
#include <utility>

namespace peer {
namespace {

// The bytes of one message go out in pieces, so that no more of them than that wait twice.
constexpr size_t kPieceBytes = 256 << 10;

}  // namespace

// The end of one stream; goes on receiving its exchange's events when the writer has left it.
class StreamWriter::Sending final : public http::ExchangeHandler {
 public:
  Sending(StreamWriter* writer, http::Exchange* exchange) : writer_(writer), exchange_(exchange) {}

  http::Exchange* exchange() const { return exchange_; }

  // The writer has another stream, or ends.
  void Leave() {
    writer_ = nullptr;
    if (exchange_ != nullptr) exchange_->Reset(http::ErrorCode::kNoError);
  }

  void OnData(base::ByteView bytes) override { exchange_->Consume(bytes.size()); }
  void OnEnd(const http::Headers&) override {}
  void OnWritable() override {
    if (writer_ != nullptr) writer_->Flush();
  }
  void OnDrain() override {
    if (writer_ != nullptr) exchange_->Reset(http::ErrorCode::kNoError);
  }
  void OnClosed(const http::Closing& closing) override {
    exchange_ = nullptr;
    if (writer_ != nullptr) writer_->OnLost(closing.status);
  }

 private:
  StreamWriter* writer_;
  http::Exchange* exchange_;
};

StreamWriter::StreamWriter(PeerContext* context, StreamKind kind)
    : context_(*context),
      kind_(kind),
      heartbeat_timer_(context->loop().NewTimer([this] { OnHeartbeatTime(); })) {}

StreamWriter::~StreamWriter() {
  if (sending_ != nullptr) sending_->Leave();
}

std::shared_ptr<http::ExchangeHandler> StreamWriter::Attach(http::Exchange& exchange) {
  if (sending_ != nullptr) {
    context_.logger().Warn("closed TCP streaming connection with remote peer",
                           {{"stream-writer-type", LogName(kind_)},
                            {"local-member-id", context_.self_name},
                            {"remote-peer-id", context_.name}});
    const std::shared_ptr<Sending> before = sending_;
    const bool drops = waiting_bytes() > 0;
    Detach();
    before->Leave();
    if (drops) context_.ReportUnreachable();
  }
  sending_ = std::make_shared<Sending>(this, &exchange);
  encoder_ = NewEncoder(kind_);
  heartbeat_timer_->Arm(kHeartbeatInterval);
  context_.logger().Info("established TCP streaming connection with remote peer",
                         {{"stream-writer-type", LogName(kind_)},
                          {"local-member-id", context_.self_name},
                          {"remote-peer-id", context_.name}});
  return sending_;
}

void StreamWriter::Detach() {
  sending_.reset();
  encoder_.reset();
  outbox_.Clear();
  encoded_.clear();
  sent_ = appends_ = 0;
  heartbeat_timer_->Disarm();
}

void StreamWriter::OnLost(const base::Status& why) {
  context_.logger().Warn("lost TCP streaming connection with remote peer",
                         {{"stream-writer-type", LogName(kind_)},
                          {"local-member-id", context_.self_name},
                          {"remote-peer-id", context_.name},
                          {"error", why.ok() ? "the stream has ended" : why.message()}});
  Detach();
  context_.ReportUnreachable();
}

bool StreamWriter::Push(raft::Message&& message) {
  if (sending_ == nullptr) return false;
  if (outbox_.empty()) waited_since_ = context_.loop().clock().Now();
  return outbox_.Push(std::move(message));
}

void StreamWriter::Flush() {
  while (sending_ != nullptr && sending_->exchange()->writable()) {
    if (sent_ == encoded_.size()) Refill();
    if (encoded_.empty()) return;
    const size_t size = std::min(encoded_.size() - sent_, kPieceBytes);
    context_.metrics.sent_bytes.Add(static_cast<double>(size));
    if (size == encoded_.size()) {
      sending_->exchange()->SendData(std::exchange(encoded_, {}), http::Exchange::Then::kContinue);
    } else {
      base::Bytes piece = encoded_.substr(sent_, size);
      sent_ += size;
      sending_->exchange()->SendData(std::move(piece), http::Exchange::Then::kContinue);
    }
    if (sent_ == encoded_.size()) CountAppends();
  }
}

void StreamWriter::CountAppends() {
  if (appends_ == 0) return;
  const runtime::Duration took = context_.loop().clock().Now() - encoded_since_;
  for (; appends_ > 0; --appends_) context_.append_times->Succeeded(took);
}

void StreamWriter::Refill() {
  encoded_ = {};
  sent_ = 0;
  encoded_since_ = waited_since_;
  while (!outbox_.empty() && encoded_.size() < kGatheredBytes) {
    const raft::Message message = outbox_.Pop();
    if (message.type == raft::MessageType::kApp) ++appends_;
    encoder_->Encode(message, &encoded_);
  }
}

void StreamWriter::OnHeartbeatTime() {
  heartbeat_timer_->Arm(kHeartbeatInterval);
  if (waiting_bytes() > 0) return;
  encoded_ = {};
  sent_ = 0;
  encoder_->EncodeLinkHeartbeat(&encoded_);
  Flush();
}

}  // namespace peer
