#include "net/peer/snapshot_sender.h"

#include <algorithm>
#include <string>
#include <utility>

#include "net/peer/peer_headers.h"
#include "raft/codec.h"
#include "storage/image/snapshot_stream.h"

namespace peer {
namespace {

constexpr size_t kRefusalBytesMax = 1024;

base::Bytes EncodeEnvelope(const raft::Message& message) {
  base::Bytes bytes(8, '\0');
  raft::Encode(message, &bytes);
  base::Store64Be(bytes.data(), bytes.size() - 8);
  return bytes;
}

}  // namespace

// One snapshot; goes on receiving its exchange's events when the sender has left it.
class SnapshotSender::Sending final : public http::ExchangeHandler {
 public:
  Sending(SnapshotSender* sender, const raft::Message& message)
      : term(message.term),
        index(message.snapshot->index),
        began(sender->context_.loop().clock().Now()),
        sender_(sender) {}

  const base::Term term;
  const base::Index index;
  const runtime::TimePoint began;

  // The stream tells this when there is something to take. Not while it sends the head.
  void Start(const http::Client* client, http::Exchange* exchange,
             std::unique_ptr<image::SnapshotStream> database, base::Bytes envelope) {
    client_ = client;
    exchange_ = exchange;
    database_ = std::move(database);
    sent_bytes_ = envelope.size();
    exchange_->SendData(std::move(envelope), http::Exchange::Then::kContinue);
    Pump();
  }
  void Leave() {
    sender_ = nullptr;
    database_.reset();
    if (exchange_ != nullptr) exchange_->Reset(http::ErrorCode::kCancel);
  }

  void Pump() {
    while (exchange_ != nullptr && database_ != nullptr && exchange_->writable()) {
      base::Bytes chunk;
      const auto state = database_->Take(&chunk);
      if (!state.ok()) {
        failure_ = state.status();
        if (failure_.code() == base::Code::kDataLoss) {
          sender_->context_.local.ReportDamage(failure_);
        }
        database_.reset();
        exchange_->Reset(http::ErrorCode::kInternalError);
        return;
      }
      if (*state == image::SnapshotStream::State::kNothing) return;
      if (*state == image::SnapshotStream::State::kEnd) {
        database_.reset();
        exchange_->SendData(base::Bytes(), http::Exchange::Then::kEnd);
        return;
      }
      sent_bytes_ += chunk.size();
      exchange_->SendData(std::move(chunk), http::Exchange::Then::kContinue);
    }
  }

  uint64_t sent_bytes() const { return sent_bytes_; }
  bool says_removed() const { return status_ == 403; }

  void OnHead() override { status_ = http::StatusCode(exchange_->received_head()); }
  void OnData(base::ByteView bytes) override {
    exchange_->Consume(bytes.size());
    if (refusal_.size() < kRefusalBytesMax) refusal_.append(bytes.substr(0, kRefusalBytesMax));
  }
  void OnEnd(const http::Headers&) override {}
  void OnWritable() override { Pump(); }
  void OnClosed(const http::Closing& closing) override {
    exchange_ = nullptr;
    database_.reset();
    if (sender_ != nullptr) sender_->OnEnded(client_, Outcome(closing));
  }

 private:
  base::Status Outcome(const http::Closing& closing) const {
    if (!failure_.ok()) return failure_;
    if (status_ == 204 || status_ == 200) return {};
    if (status_ != 0) {
      return {base::Code::kUnavailable, "unexpected http status " + std::to_string(status_) + ": " +
                                            refusal_.substr(0, refusal_.find('\n'))};
    }
    if (!closing.status.ok()) return closing.status;
    return {base::Code::kUnavailable, "the connection was closed"};
  }

  SnapshotSender* sender_;
  const http::Client* client_ = nullptr;
  http::Exchange* exchange_ = nullptr;
  std::unique_ptr<image::SnapshotStream> database_;  // null: its end was sent
  uint64_t sent_bytes_ = 0;
  int status_ = 0;  // 0: there was no answer
  base::Bytes refusal_;
  base::Status failure_;  // of the database
};

SnapshotSender::SnapshotSender(PeerContext* context, base::Callback<void()> on_said_removed)
    : context_(*context), on_said_removed_(std::move(on_said_removed)) {}

SnapshotSender::~SnapshotSender() {
  if (sending_ != nullptr) sending_->Leave();
}

void SnapshotSender::Send(server::SnapshotToSend snapshot, SnapshotForm form) {
  if (sending_ != nullptr) {
    if (snapshot.message.term <= sending_->term) {
      return Fail(base::Status(base::Code::kResourceExhausted, "another snapshot is under way"));
    }
    std::exchange(sending_, nullptr)->Leave();
    context_.metrics.snapshots_being_sent.Add(-1);
  }
  if (not_before_.has_value() && context_.loop().clock().Now() < *not_before_) {
    return context_.local.ReportSnapshot(context_.id, false);
  }
  const base::Status status = Begin(std::move(snapshot), form);
  if (!status.ok()) Fail(status);
}

void SnapshotSender::Hurry() {
  pause_ = kPauseMin;
  not_before_.reset();
}

base::Status SnapshotSender::Begin(server::SnapshotToSend snapshot, SnapshotForm form) {
  Endpoints::Endpoint* const endpoint = context_.endpoints.current();
  if (endpoint == nullptr) return {base::Code::kUnavailable, "no peer URL can be used"};
  const raft::Message& message = snapshot.message;
  base::Bytes envelope = EncodeEnvelope(message);
  if (envelope.size() - 8 > kSnapshotMessageBytesMax) {
    return {base::Code::kResourceExhausted, "the snapshot's message is too long"};
  }
  const auto sending = std::make_shared<Sending>(this, message);
  const server::Environment& environment = *context_.environment.server;
  ASSIGN_OR_RETURN(auto database,
                   image::SnapshotStream::Start(std::move(snapshot.database), environment.disk,
                                                environment.bulk_workers, context_.environment.loop,
                                                {.form = form == SnapshotForm::kRecords
                                                             ? image::SnapshotStream::Form::kRecords
                                                             : image::SnapshotStream::Form::kImage,
                                                 .spool_path = context_.local.NewSpoolPath(),
                                                 .with_digest = false},
                                                [weak = std::weak_ptr(sending)] {
                                                  if (const auto alive = weak.lock()) alive->Pump();
                                                }));
  sending_ = sending;
  context_.metrics.snapshots_being_sent.Add(1);
  context_.logger().Info("sending database snapshot", {{"snapshot-index", sending->index.value()},
                                                       {"remote-peer-id", context_.name}});
  http::Headers head = RequestHead("POST", "/raft/snapshot", endpoint->authority, context_.self);
  head.Add("content-type", "application/octet-stream");
  if (form == SnapshotForm::kRecords) head.Add(kSnapshotField, kSnapshotAsRecords);
  http::Exchange& exchange = endpoint->client->Start(
      head, http::Exchange::Then::kContinue, sending,
      {.connect = context_.dial_timeout, .read = kAnswerTimeout, .write = kWriteTimeout});
  sending->Start(endpoint->client.get(), &exchange, std::move(database), std::move(envelope));
  return {};
}

void SnapshotSender::OnEnded(const http::Client* client, const base::Status& status) {
  const std::shared_ptr<Sending> ended = std::exchange(sending_, nullptr);
  context_.metrics.snapshots_being_sent.Add(-1);
  if (!status.ok()) {
    if (ended->says_removed()) on_said_removed_();
    context_.endpoints.OnFailure(client);
    not_before_ = context_.loop().clock().Now() + pause_;
    pause_ = std::min(2 * pause_, kPauseMax);
    return Fail(status);
  }
  Hurry();
  const runtime::Duration took = context_.loop().clock().Now() - ended->began;
  context_.metrics.snapshots_sent.Add();
  context_.metrics.snapshot_send_seconds.Observe(took);
  context_.metrics.sent_bytes.Add(static_cast<double>(ended->sent_bytes()));
  context_.logger().Info("sent database snapshot", {{"snapshot-index", ended->index.value()},
                                                    {"remote-peer-id", context_.name},
                                                    {"bytes", ended->sent_bytes()},
                                                    {"took", took}});
  context_.local.ReportSnapshot(context_.id, true);
}

void SnapshotSender::Fail(const base::Status& why) {
  context_.metrics.snapshots_not_sent.Add();
  context_.logger().Warn("failed to send database snapshot",
                         {{"remote-peer-id", context_.name}, {"error", why.message()}});
  context_.ReportUnreachable();
  context_.local.ReportSnapshot(context_.id, false);
}

}  // namespace peer
