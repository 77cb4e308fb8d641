#include "net/peer/stream_reader.h"

#include <algorithm>
#include <utility>

#include "net/peer/peer_headers.h"
#include "state/members/member.h"

namespace peer {
namespace {

constexpr size_t kRefusalBytesMax = 1024;

std::string_view WithoutNewline(base::ByteView text) {
  return text.substr(0, text.find('\n'));
}

}  // namespace

// One attempt and, if it succeeds, its stream; goes on receiving its exchange's events when the
// reader has left it.
class StreamReader::Receiving final : public http::ExchangeHandler {
 public:
  explicit Receiving(StreamReader* reader) : reader_(reader) {}

  void set_exchange(http::Exchange* exchange) { exchange_ = exchange; }

  void Leave() {
    reader_ = nullptr;
    Reset();
  }

  void OnHead() override {
    if (reader_ == nullptr) return;
    const http::Headers& head = exchange_->received_head();
    status_ = http::StatusCode(head);
    refusal_.cluster = head.Get(kClusterField);
    is_stream_ = reader_->OnAnswer(status_, SaysThatItTakesRecords(head));
  }
  void OnData(base::ByteView bytes) override {
    exchange_->Consume(bytes.size());
    if (reader_ == nullptr) return;
    if (!is_stream_) {
      refusal_.text.append(bytes.substr(0, kRefusalBytesMax - refusal_.text.size()));
      if (refusal_.text.size() == kRefusalBytesMax) Reset();
      return;
    }
    broken_ = reader_->OnBytes(bytes);
    if (!broken_.ok()) Reset();
  }
  void OnEnd(const http::Headers&) override {}
  void OnClosed(const http::Closing& closing) override {
    exchange_ = nullptr;
    if (reader_ == nullptr) return;
    if (status_ != 0 && !is_stream_) reader_->OnRefused(status_, refusal_);
    if (!broken_.ok()) return reader_->OnClosed(broken_);
    if (!closing.status.ok()) return reader_->OnClosed(closing.status);
    reader_->OnClosed(base::Status(base::Code::kUnavailable, "EOF"));
  }

 private:
  void Reset() {
    if (exchange_ != nullptr) exchange_->Reset(http::ErrorCode::kCancel);
  }

  StreamReader* reader_;
  http::Exchange* exchange_ = nullptr;
  int status_ = 0;  // 0: there was no answer
  bool is_stream_ = false;
  Refusal refusal_;
  base::Status broken_;  // by what it carried
};

StreamReader::StreamReader(PeerContext* context, StreamKind kind, StreamListener* listener)
    : context_(*context),
      kind_(kind),
      listener_(*listener),
      hold_timer_(context->loop().NewTimer([this] { DeliverHeld(); })),
      redial_timer_(context->loop().NewTimer([this] { Dial(); })) {
  redial_timer_->Arm(runtime::Duration(0));
}

StreamReader::~StreamReader() {
  if (receiving_ != nullptr) receiving_->Leave();
}

void StreamReader::Hurry() {
  if (receiving_ != nullptr) return;
  pause_ = kPauseMin;
  redial_timer_->Arm(kPauseMin);
}

void StreamReader::DialLater() {
  redial_timer_->Arm(pause_);
  pause_ = std::min(2 * pause_, kPauseMax);
}

void StreamReader::Dial() {
  refused_ = {};
  Endpoints::Endpoint* const endpoint = context_.endpoints.current();
  if (endpoint == nullptr) return DialLater();
  const std::string path =
      "/raft/stream/" + std::string(PathName(kind_)) + "/" + context_.self_name;
  http::Headers head = RequestHead("GET", path, endpoint->authority, context_.self);
  head.Add(kToField, context_.name);
  head.Add(kSnapshotField, kSnapshotAsRecords);
  client_ = endpoint->client.get();
  decoder_ = NewDecoder(kind_, {.from = context_.id, .to = context_.self.id});
  receiving_ = std::make_shared<Receiving>(this);
  receiving_->set_exchange(&endpoint->client->Start(
      head, http::Exchange::Then::kEnd, receiving_,
      {.connect = context_.dial_timeout, .read = kReadTimeout, .write = kReadTimeout}));
}

bool StreamReader::OnAnswer(int status, bool takes_records) {
  if (status != 200) return false;
  is_up_ = true;
  told_refusal_.clear();
  pause_ = kPauseMin;
  context_.logger().Info("established TCP streaming connection with remote peer",
                         {{"stream-reader-type", LogName(kind_)},
                          {"local-member-id", context_.self_name},
                          {"remote-peer-id", context_.name}});
  listener_.OnStreamUp(kind_, takes_records);
  return true;
}

// Once, until it is another reason.
void StreamReader::TellRefused(const Refusal& refusal) {
  const std::string text(WithoutNewline(refusal.text));
  if (kind_ != StreamKind::kAppends || text == told_refusal_) return;
  told_refusal_ = text;
  if (text == kClusterMismatch) {
    context_.logger().Warn(
        "request sent was ignored by remote peer due to cluster ID mismatch",
        {{"remote-peer-id", context_.name},
         {"remote-peer-cluster-id", refusal.cluster},
         {"local-member-id", context_.self_name},
         {"local-member-cluster-id", members::HexText(context_.self.cluster.value())},
         {"error", text}});
    return;
  }
  context_.logger().Warn("request sent was ignored by peer",
                         {{"remote-peer-id", context_.name}, {"error", text}});
}

void StreamReader::OnRefused(int status, const Refusal& refusal) {
  switch (status) {
    case 410:
      refused_ = {base::Code::kFailedPrecondition,
                  "the member has been permanently removed from the cluster"};
      listener_.OnSaidRemoved();
      return;
    case 404:
      refused_ = {base::Code::kNotFound, "member not found"};
      return;
    case 412:
      refused_ = {base::Code::kFailedPrecondition, WithoutNewline(refusal.text)};
      TellRefused(refusal);
      return;
    default:
      refused_ = {base::Code::kUnavailable, "unhandled stream status " + std::to_string(status) +
                                                " " + std::string(WithoutNewline(refusal.text))};
  }
}

base::Status StreamReader::OnBytes(base::ByteView bytes) {
  context_.metrics.received_bytes.Add(static_cast<double>(bytes.size()));
  const base::Status status = decoder_->Feed(bytes, &arrived_);
  if (!arrived_.empty() && !std::exchange(delivery_scheduled_, true)) {
    context_.loop().AtEndOfTurn([this, alive = std::weak_ptr(alive_)] {
      if (!alive.expired()) Deliver();
    });
  }
  return status;
}

void StreamReader::Deliver() {
  delivery_scheduled_ = false;
  std::vector<raft::Message> arrived = std::exchange(arrived_, {});
  if (kind_ != StreamKind::kAppends) return listener_.OnMessages(std::move(arrived));
  std::vector<raft::Message> delivered;
  const bool held = appends_.holds();
  for (raft::Message& message : arrived) appends_.Take(std::move(message), &delivered);
  if (!appends_.holds()) hold_timer_->Disarm();
  if (appends_.holds() && (!held || !delivered.empty())) hold_timer_->Arm(kHoldMax);
  if (!delivered.empty()) listener_.OnMessages(std::move(delivered));
}

void StreamReader::DeliverHeld() {
  std::vector<raft::Message> delivered;
  appends_.Release(&delivered);
  listener_.OnMessages(std::move(delivered));
}

void StreamReader::OnClosed(const base::Status& why) {
  receiving_.reset();
  decoder_.reset();
  hold_timer_->Disarm();
  appends_ = {};
  context_.endpoints.OnFailure(client_);
  const base::Status& reason = refused_.ok() ? why : refused_;
  if (std::exchange(is_up_, false)) {
    context_.logger().Warn("lost TCP streaming connection with remote peer",
                           {{"stream-reader-type", LogName(kind_)},
                            {"local-member-id", context_.self_name},
                            {"remote-peer-id", context_.name},
                            {"error", reason.message()}});
    context_.metrics.received_failures.Add();
    listener_.OnStreamDown(kind_, "read", reason);
  } else {
    listener_.OnStreamDown(kind_, "dial", reason);
  }
  DialLater();
}

}  // namespace peer
