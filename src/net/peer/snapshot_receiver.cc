#include "net/peer/snapshot_receiver.h"

#include <utility>

#include "net/peer/answer.h"
#include "net/peer/partial_bytes.h"
#include "net/peer/snapshot_import.h"
#include "net/peer/snapshot_sender.h"
#include "raft/codec.h"
#include "state/members/member.h"

namespace peer {
namespace {

http::PlainResponse Failure(int status, std::string_view what, const base::Status& why) {
  return http::TextResponse(status, std::string(what) + " (" + std::string(why.message()) + ")");
}

}  // namespace

// One snapshot. Holds its exchange until that is closed, and itself until its work is done.
class SnapshotReceiver::Reception final : public http::ExchangeHandler,
                                          public std::enable_shared_from_this<Reception> {
 public:
  Reception(SnapshotReceiver* receiver, http::Exchange* exchange, base::MemberId from,
            SnapshotForm form, SnapshotReceiveMetrics* metrics)
      : receiver_(receiver),
        parts_(receiver->parts_),
        exchange_(exchange),
        name_(members::HexText(from.value())),
        form_(form),
        metrics_(metrics),
        began_(loop().clock().Now()),
        stall_timer_(loop().NewTimer([this] { GiveUp(); })) {
    stall_timer_->Arm(kStallTimeout);
    if (metrics_ != nullptr) metrics_->being_received.Add(1);
  }

  bool installing() const { return installing_; }

  // Nobody wants it any more.
  void GiveUp() {
    if (exchange_ != nullptr) exchange_->Reset(http::ErrorCode::kCancel);
  }
  // The receiver ends.
  void Leave() {
    receiver_ = nullptr;
    stall_timer_.reset();
    GiveUpDatabase();
    if (exchange_ != nullptr) exchange_->Reset(http::ErrorCode::kCancel);
  }

  void OnData(base::ByteView bytes) override {
    if (answered_ || receiver_ == nullptr) return exchange_->Consume(bytes.size());
    stall_timer_->Arm(kStallTimeout);
    const size_t size = bytes.size();
    while (!answered_ && part_ < Part::kDatabase && !bytes.empty()) TakeFront(&bytes);
    if (answered_ || part_ == Part::kUseless) return exchange_->Consume(size);
    exchange_->Consume(size - bytes.size());
    gathered_.append(bytes);
    WriteGathered();
  }
  void OnEnd(const http::Headers&) override {
    if (answered_ || receiver_ == nullptr) return;
    stall_timer_->Disarm();
    ended_ = true;
    if (part_ == Part::kUseless) return HandOver();
    if (part_ != Part::kDatabase) {
      return Refuse(Failure(400, "failed to decode raft message",
                            base::Status(base::Code::kDataLoss, "unexpected EOF")));
    }
    WriteGathered();
  }
  void OnClosed(const http::Closing& closing) override {
    exchange_ = nullptr;
    if (receiver_ == nullptr || answered_ || installing_) return;
    Log("the snapshot broke off",
        closing.status.ok() ? base::Status(base::Code::kUnavailable, "the connection was closed")
                            : closing.status);
    Finish(false);
  }

 private:
  // What comes next; of a database that is of no use, nothing is kept.
  enum class Part : uint8_t { kLength, kMessage, kDatabase, kUseless };

  runtime::Loop& loop() const { return *parts_.environment->loop; }
  const server::Environment& environment() const { return *parts_.environment->server; }

  void TakeFront(base::ByteView* bytes) {
    const auto part = partial_.Take(part_ == Part::kLength ? 8 : message_bytes_, bytes);
    if (!part.has_value()) return;
    if (part_ == Part::kLength) {
      message_bytes_ = base::Load64Be(part->data());
      if (message_bytes_ > kSnapshotMessageBytesMax) {
        return Refuse(Failure(
            400, "failed to decode raft message",
            base::Status(base::Code::kResourceExhausted, "rafthttp: error limit exceeded")));
      }
      // Compat: nothing is a message too, of the first type.
      if (message_bytes_ == 0) return RefuseType();
      part_ = Part::kMessage;
      return;
    }
    auto message = raft::DecodeMessage(*part);
    if (!message.ok()) {
      return Refuse(Failure(400, "failed to decode raft message",
                            base::Status(base::Code::kInvalidArgument,
                                         "proto: cannot parse invalid wire-format data")));
    }
    message_ = *std::move(message);
    if (message_.type != raft::MessageType::kSnap || message_.snapshot == nullptr) {
      return RefuseType();
    }
    if (auto refusal = parts_.refuse(message_)) return Refuse(*std::move(refusal));
    if (message_.snapshot->index <= parts_.local->applied()) {
      part_ = Part::kUseless;
      return;
    }
    part_ = Part::kDatabase;
    database_ = NewArrivingDatabase(
        form_, *parts_.environment,
        runtime::JoinPath(parts_.directory,
                          std::to_string(++receiver_->files_) + std::string(kReceivingMark)));
    environment().logger->Info(
        "receiving database snapshot",
        {{"snapshot-index", message_.snapshot->index.value()}, {"remote-peer-id", name_}});
  }

  // One piece at a time; the connection's window bounds what gathers meanwhile.
  void WriteGathered() {
    if (writing_) return;
    if (gathered_.empty()) {
      if (ended_) Install();
      return;
    }
    auto piece = std::make_shared<base::Bytes>(std::exchange(gathered_, {}));
    auto written = std::make_shared<base::Status>();
    const bool accepted = environment().bulk_workers->Run(
        [database = database_, piece, written] { *written = database->Append(*piece); }, &loop(),
        [self = shared_from_this(), piece, written] { self->OnWritten(piece->size(), *written); });
    if (!accepted) return RefuseSaving(TooMuchWork());
    writing_ = true;
  }
  void OnWritten(size_t bytes, const base::Status& status) {
    writing_ = false;
    if (exchange_ != nullptr) exchange_->Consume(bytes);
    if (receiver_ == nullptr || finished_) return GiveUpDatabase();
    if (!status.ok()) return RefuseSaving(status);
    WriteGathered();
  }

  void Install() {
    auto outcome = std::make_shared<base::Status>();
    const std::string path = parts_.local->ReceivedDatabasePath(message_.snapshot->index);
    auto install = [database = database_, snapshot = message_.snapshot, path, outcome] {
      *outcome = database->Install(*snapshot, path);
    };
    const bool accepted = environment().bulk_workers->Run(
        std::move(install), &loop(),
        [self = shared_from_this(), outcome] { self->OnInstalled(*outcome); });
    if (!accepted) return RefuseSaving(TooMuchWork());
    installing_ = true;
  }
  void OnInstalled(const base::Status& status) {
    installing_ = false;
    if (receiver_ == nullptr) return GiveUpDatabase();
    if (!status.ok()) return RefuseSaving(status);
    const uint64_t index = message_.snapshot->index.value();
    const runtime::Duration took = loop().clock().Now() - began_;
    environment().logger->Info("received and saved database snapshot",
                               {{"snapshot-index", index},
                                {"remote-peer-id", name_},
                                {"bytes", database_->bytes()},
                                {"took", took}});
    if (metrics_ != nullptr) metrics_->receive_seconds.Observe(took);
    HandOver();
  }
  void HandOver() {
    const bool is_of_use = message_.snapshot->index > parts_.local->applied();
    if (part_ == Part::kUseless && is_of_use) {
      return Refuse(Failure(500, "failed to process raft message",
                            base::Status(base::Code::kUnavailable, "its database is wanted now")));
    }
    if (!parts_.local->Step(std::move(message_))) {
      return Refuse(Failure(500, "failed to process raft message",
                            base::Status(base::Code::kResourceExhausted, "too much waits")));
    }
    Answer({.status = 204, .fields = {}, .body = {}});
    Finish(true);
  }

  static base::Status TooMuchWork() {
    return {base::Code::kResourceExhausted, "too much other work on the disk"};
  }

  void RefuseType() { Refuse(http::TextResponse(400, "wrong raft message type")); }
  void RefuseSaving(const base::Status& why) {
    Refuse(Failure(500, "failed to save KV snapshot", why));
  }
  void Refuse(http::PlainResponse response) {
    Log("refused database snapshot",
        base::Status(base::Code::kFailedPrecondition,
                     response.body.substr(0, response.body.find('\n'))));
    Answer(std::move(response));
    Finish(false);
  }
  void Answer(http::PlainResponse response) {
    answered_ = true;
    if (exchange_ == nullptr) return;
    SendAnswer(*parts_.self, std::move(response), exchange_);
    // What was written, or never will be, need not be held back any more.
    if (!gathered_.empty()) exchange_->Consume(std::exchange(gathered_, {}).size());
  }
  void Log(std::string_view what, const base::Status& why) const {
    environment().logger->Warn(what, {{"remote-peer-id", name_}, {"error", why.message()}});
  }

  // The last thing, once.
  void Finish(bool received) {
    finished_ = true;
    stall_timer_.reset();
    GiveUpDatabase();
    if (metrics_ != nullptr) {
      metrics_->being_received.Add(-1);
      (received ? metrics_->received : metrics_->not_received).Add();
    }
    if (receiver_ != nullptr) receiver_->Forget(this);
  }

  // If a worker has it, it removes it when that is done.
  void GiveUpDatabase() {
    if (writing_ || installing_ || database_ == nullptr) return;
    (void)environment().bulk_workers->Run(
        [database = std::exchange(database_, nullptr)] { database->Remove(); }, &loop(), [] {});
  }

  SnapshotReceiver* receiver_;  // null: it has ended
  const Parts parts_;
  http::Exchange* exchange_;  // null: it is closed
  const std::string name_;    // of the sender
  const SnapshotForm form_;
  SnapshotReceiveMetrics* const metrics_;
  const runtime::TimePoint began_;
  std::unique_ptr<runtime::Timer> stall_timer_;

  PartialBytes partial_;
  Part part_ = Part::kLength;
  uint64_t message_bytes_ = 0;
  raft::Message message_;
  base::Bytes gathered_;                        // of the database, not given to a worker yet
  std::shared_ptr<ArrivingDatabase> database_;  // shared with the worker
  bool writing_ = false;
  bool ended_ = false;  // the request's body
  bool installing_ = false;
  bool answered_ = false;
  bool finished_ = false;
};

SnapshotReceiver::SnapshotReceiver(Parts parts) : parts_(std::move(parts)) {}

SnapshotReceiver::~SnapshotReceiver() {
  for (const auto& [from, reception] : std::exchange(receptions_, {})) reception->Leave();
}

std::shared_ptr<http::ExchangeHandler> SnapshotReceiver::Receive(http::Exchange& exchange,
                                                                 base::MemberId from, bool is_known,
                                                                 SnapshotForm form) {
  const auto before = receptions_.find(from);
  const bool is_busy = before != receptions_.end() && before->second->installing();
  if (is_busy || (before == receptions_.end() && receptions_.size() >= kReceptionsMax)) {
    SendAnswer(
        *parts_.self,
        http::TextResponse(500, "failed to save KV snapshot (another one is being received)"),
        &exchange);
    return std::make_shared<http::IgnoringHandler>(&exchange);
  }
  if (before != receptions_.end()) {
    const std::shared_ptr<Reception> given_up = std::move(before->second);
    receptions_.erase(before);
    given_up->GiveUp();
  }
  auto reception = std::make_shared<Reception>(this, &exchange, from, form,
                                               is_known ? MetricsOf(from) : nullptr);
  receptions_[from] = reception;
  return reception;
}

SnapshotReceiveMetrics* SnapshotReceiver::MetricsOf(base::MemberId from) {
  return &metrics_.try_emplace(from, parts_.environment->server->registry, from).first->second;
}

void SnapshotReceiver::Forget(const Reception* reception) {
  std::erase_if(receptions_, [&](const auto& each) { return each.second.get() == reception; });
}

}  // namespace peer
