#include "net/peer/service.h"

#include <string>
#include <utility>
#include <vector>

#include "net/peer/answer.h"
#include "net/peer/peer_headers.h"
#include "net/peer/peers.h"
#include "net/peer/probe_answer.h"
#include "net/peer/snapshot_sender.h"
#include "raft/codec.h"
#include "state/members/member.h"

namespace peer {
namespace {

constexpr base::ByteView kRaft = "/raft";
constexpr base::ByteView kStream = "/raft/stream/";
constexpr base::ByteView kSnapshot = "/raft/snapshot";

// Of one member; there are hardly ever more than one.
constexpr size_t kPeerUrlsMax = 8;

std::shared_ptr<http::ExchangeHandler> Answer(const Identity& self, http::PlainResponse response,
                                              http::Exchange& exchange) {
  SendAnswer(self, std::move(response), &exchange);
  return std::make_shared<http::IgnoringHandler>(&exchange);
}

std::vector<std::string> Split(base::ByteView text) {
  std::vector<std::string> urls;
  while (!text.empty() && urls.size() < kPeerUrlsMax) {
    const size_t comma = std::min(text.find(','), text.size());
    if (comma > 0) urls.emplace_back(text.substr(0, comma));
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return urls;
}

base::MemberId SenderOf(const http::Headers& head) {
  return base::MemberId(ParseHexId(head.Get(kFromField)).value_or(0));
}

// Why it cannot be taken from whoever has sent it; nothing if it can.
std::optional<http::PlainResponse> Refusal(base::ByteView method, const http::Headers& head,
                                           Peers* peers) {
  if (http::Method(head) != method) return WrongMethod(method);
  const auto why = Incompatibility(peers->self(), head);
  if (why.has_value()) return http::TextResponse(412, *why);
  // It would meet entries that it does not understand.
  if (!peers->TakeExtensions(SenderOf(head),
                             members::ExtensionsFromText(head.Get(kExtensionsField)))) {
    return http::TextResponse(412, kIncompatibleVersion);
  }
  return std::nullopt;
}

// Learns from a request where its sender, if it is unknown, can be answered.
void AddRemote(const http::Headers& head, Peers* peers) {
  peers->AddRemote(SenderOf(head), Split(head.Get(kPeerUrlsField)));
}

// Collects the body of POST /raft.
class MessageHandler final : public http::ExchangeHandler {
 public:
  MessageHandler(Peers* peers, http::Exchange* exchange) : peers_(*peers), exchange_(exchange) {}

  void OnData(base::ByteView bytes) override {
    exchange_->Consume(bytes.size());
    if (answered_) return;
    if (body_.size() + bytes.size() > Service::kMessageBytesMax) {
      return Answer(http::TextResponse(400, "error reading raft message"));
    }
    body_.append(bytes);
    exchange_->SetHeld(body_.capacity());
  }
  void OnEnd(const http::Headers&) override {
    if (answered_) return;
    auto message = raft::DecodeMessage(body_);
    if (!message.ok()) {
      return Answer(http::TextResponse(400, "error unmarshalling raft message"));
    }
    if (!peers_.is_running()) return Answer(http::TextResponse(503, "the member is stopping"));
    if (Peer* const peer = peers_.Find(message->from)) peer->CountReceived(body_.size());
    Answer(peers_.Receive(*std::move(message)));
  }
  void OnClosed(const http::Closing&) override {}

 private:
  void Answer(http::PlainResponse response) {
    answered_ = true;
    body_ = {};
    exchange_->SetHeld(0);
    SendAnswer(peers_.self(), std::move(response), exchange_);
  }

  Peers& peers_;
  http::Exchange* const exchange_;
  base::Bytes body_;
  bool answered_ = false;
};

// /raft/stream/<kind>/<sender>
std::shared_ptr<http::ExchangeHandler> OnStream(Peers& peers, http::Exchange& exchange) {
  const http::Headers& head = exchange.received_head();
  const Identity& self = peers.self();
  const auto answer = [&](http::PlainResponse response) {
    // Compat: etcd looks at the method first.
    if (response.status != 405) response.fields.Add(kVersionField, self.version);
    return Answer(self, std::move(response), exchange);
  };
  if (auto refusal = Refusal("GET", head, &peers)) return answer(*std::move(refusal));
  const base::ByteView path = http::PathOnly(head).substr(kStream.size());
  // Compat: the sender is the last element, and what is before it names the kind.
  const size_t slash = path.rfind('/');
  const base::ByteView kind_name = slash == path.npos ? base::ByteView() : path.substr(0, slash);
  const base::ByteView sender = slash == path.npos ? path : path.substr(slash + 1);
  const auto kind =
      kind_name == PathName(StreamKind::kAppends)    ? std::optional(StreamKind::kAppends)
      : kind_name == PathName(StreamKind::kMessages) ? std::optional(StreamKind::kMessages)
                                                     : std::nullopt;
  const auto refuse = [&](int status, base::ByteView text) {
    return answer(http::TextResponse(status, text));
  };
  if (!kind.has_value()) return refuse(404, "invalid path");
  const auto number = ParseHexId(sender);
  if (!number.has_value()) return refuse(404, "invalid from");
  const base::MemberId from(*number);
  if (peers.IsRemoved(from)) return refuse(410, "removed member");
  Peer* const peer = peers.Find(from);
  if (peer == nullptr) {
    peers.AddRemote(from, Split(head.Get(kPeerUrlsField)));
    return refuse(404, "error sender not found");
  }
  if (head.Get(kToField) != members::HexText(self.id.value())) {
    return refuse(412, "to field mismatch");
  }
  exchange.SendHead({{":status", "200"},
                     {kVersionField, self.version},
                     {kClusterField, members::HexText(self.cluster.value())},
                     {kSnapshotField, kSnapshotAsRecords}},
                    http::Exchange::Then::kContinue);
  peer->SetTakesRecords(SaysThatItTakesRecords(head));
  return peer->Attach(*kind, exchange);
}

std::shared_ptr<http::ExchangeHandler> OnMessage(Peers& peers, http::Exchange& exchange) {
  const http::Headers& head = exchange.received_head();
  if (auto refusal = Refusal("POST", head, &peers)) {
    return Answer(peers.self(), *std::move(refusal), exchange);
  }
  AddRemote(head, &peers);
  if (Peer* const peer = peers.Find(SenderOf(head))) {
    peer->SetTakesRecords(SaysThatItTakesRecords(head));
  }
  return std::make_shared<MessageHandler>(&peers, &exchange);
}

std::shared_ptr<http::ExchangeHandler> OnSnapshot(Peers& peers, http::Exchange& exchange) {
  const http::Headers& head = exchange.received_head();
  if (auto refusal = Refusal("POST", head, &peers)) {
    return Answer(peers.self(), *std::move(refusal), exchange);
  }
  const base::ByteView form = head.Get(kSnapshotField);
  if (!form.empty() && form != kSnapshotAsRecords) {
    return Answer(peers.self(), http::TextResponse(400, "unknown form of a snapshot"), exchange);
  }
  AddRemote(head, &peers);
  const base::MemberId from = SenderOf(head);
  return peers.snapshots().Receive(exchange, from, peers.Find(from) != nullptr,
                                   form.empty() ? SnapshotForm::kImage : SnapshotForm::kRecords);
}

}  // namespace

Service::Service(Transport* transport)
    : peers_(transport->shared_peers()), endpoints_(kPlainBytesMax) {
  endpoints_.Handle("/raft/probing", [this](const http::PlainRequest&, http::Responder responder) {
    http::PlainResponse response;
    response.fields.Add("content-type", "text/plain; charset=utf-8");
    response.body = EncodeProbeAnswer(peers_->clock().WallNow());
    responder.Send(std::move(response));
  });
  endpoints_.Handle(
      "/members", [this](const http::PlainRequest& request, http::Responder responder) {
        if (http::Method(request.head) != "GET") return responder.Send(WrongMethod("GET"));
        http::PlainResponse response;
        response.fields.Add(kClusterField, members::HexText(peers_->self().cluster.value()));
        response.fields.Add("content-type", "application/json");
        response.body = members::ToJson(peers_->members()) + "\n";
        responder.Send(std::move(response));
      });
}

Service::~Service() = default;

std::shared_ptr<http::ExchangeHandler> Service::OnRequest(http::Exchange& exchange) {
  const base::ByteView path = http::PathOnly(exchange.received_head());
  const bool is_rafts = path == kRaft || path == kSnapshot || path.starts_with(kStream);
  if (!is_rafts) return endpoints_.OnRequest(exchange);
  if (!peers_->is_running()) {
    return Answer(peers_->self(), http::TextResponse(503, "the member does not serve its peers"),
                  exchange);
  }
  if (path == kRaft) return OnMessage(*peers_, exchange);
  if (path == kSnapshot) return OnSnapshot(*peers_, exchange);
  return OnStream(*peers_, exchange);
}

http::Server::Options Service::ServerOptions() {
  http::Server::Options options;
  // Compat: etcd's connections between members time out after so long.
  options.limits.stall_timeout = std::chrono::seconds(5);
  options.limits.stream_window = 1 << 20;
  options.limits.max_connections = 10'000;
  options.budget.largest_request_bytes =
      std::max<size_t>(kMessageBytesMax, kSnapshotMessageBytesMax);
  return options;
}

}  // namespace peer
