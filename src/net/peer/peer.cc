#include "net/peer/peer.h"

#include <string>
#include <utility>

#include "net/peer/acceptable.h"

namespace peer {
namespace {

PeerContext ContextOf(const Peer::Parts& parts, base::MemberId id, std::vector<std::string> urls) {
  return {.environment = *parts.environment,
          .self = *parts.self,
          .local = *parts.local,
          .id = id,
          .name = members::HexText(id.value()),
          .self_name = members::HexText(parts.self->id.value()),
          .dial_timeout = parts.dial_timeout,
          .metrics = PeerMetrics(parts.environment->server->registry, parts.self->id, id),
          .endpoints = Endpoints(parts.environment, std::move(urls))};
}

}  // namespace

Peer::Peer(const Parts& parts, base::MemberId id, std::vector<std::string> urls, Hooks hooks)
    : context_(ContextOf(parts, id, std::move(urls))),
      hooks_(std::move(hooks)),
      appends_(&context_, StreamKind::kAppends),
      messages_(&context_, StreamKind::kMessages),
      pipeline_(&context_, [this] { hooks_.on_said_removed(); }),
      snapshots_(&context_, [this] { hooks_.on_said_removed(); }),
      prober_(&context_),
      append_reader_(&context_, StreamKind::kAppends, this),
      message_reader_(&context_, StreamKind::kMessages, this) {
  context_.metrics.known.Set(1);
  context_.logger().Info("started remote peer", {{"remote-peer-id", context_.name}});
}

Peer::~Peer() {
  context_.metrics.known.Set(0);
  context_.metrics.active.Set(0);
  context_.logger().Info("stopped remote peer", {{"remote-peer-id", context_.name}});
}

void Peer::Send(raft::Message message) {
  const bool is_append = message.type == raft::MessageType::kApp;
  StreamWriter& writer = is_append && appends_.attached() ? appends_ : messages_;
  const bool taken =
      writer.attached() ? writer.Push(std::move(message)) : pipeline_.Push(std::move(message));
  if (taken) return;
  context_.logger().Warn(active_since_.has_value()
                             ? "dropped internal Raft message since sending buffer is full "
                               "(overloaded network)"
                             : "dropped internal Raft message since sending buffer is full",
                         {{"local-member-id", context_.self_name},
                          {"remote-peer-id", context_.name},
                          {"remote-peer-active", active_since_.has_value()}});
  context_.ReportUnreachable();
}

void Peer::Flush() {
  messages_.Flush();
  appends_.Flush();
}

std::shared_ptr<http::ExchangeHandler> Peer::Attach(StreamKind kind, http::Exchange& exchange) {
  // Who asks can be asked.
  append_reader_.Hurry();
  message_reader_.Hurry();
  snapshots_.Hurry();
  return kind == StreamKind::kAppends ? appends_.Attach(exchange) : messages_.Attach(exchange);
}

void Peer::SetUrls(std::vector<std::string> urls) {
  context_.endpoints.Set(std::move(urls));
  context_.logger().Info("updated remote peer", {{"remote-peer-id", context_.name},
                                                 {"remote-peer-urls", context_.endpoints.urls()}});
}

void Peer::OnMessages(std::vector<raft::Message> messages) {
  for (raft::Message& message : messages) {
    if (message.to != context_.self.id || !IsAcceptable(message, context_.self.extensions)) {
      context_.logger().Warn("dropped a message of a remote peer's stream",
                             {{"remote-peer-id", context_.name},
                              {"message-type", static_cast<uint64_t>(message.type)},
                              {"to", members::HexText(message.to.value())}});
      context_.metrics.received_failures.Add();
      continue;
    }
    if (!context_.local.Step(std::move(message))) context_.metrics.received_failures.Add();
  }
}

void Peer::OnStreamUp(StreamKind, bool takes_records) {
  takes_records_ = takes_records;
  if (active_since_.has_value()) return;
  active_since_ = context_.loop().clock().Now();
  context_.metrics.active.Set(1);
  context_.logger().Info("peer became active", {{"peer-id", context_.name}});
  hooks_.on_activity();
}

void Peer::OnStreamDown(StreamKind kind, std::string_view action, const base::Status& why) {
  const std::string problem = "failed to " + std::string(action) + " " +
                              std::string(LogName(kind)) + " on " + context_.name + " (" +
                              std::string(why.message()) + ")";
  if (append_reader_.is_up() || message_reader_.is_up()) return;
  if (!active_since_.has_value()) {
    context_.logger().Debug("peer deactivated again",
                            {{"peer-id", context_.name}, {"error", problem}});
    return;
  }
  active_since_.reset();
  context_.metrics.active.Set(0);
  context_.metrics.disconnected.Add();
  context_.logger().Warn("peer became inactive (message send to peer failed)",
                         {{"peer-id", context_.name}, {"error", problem}});
  hooks_.on_activity();
}

Remote::Remote(const Peer::Parts& parts, base::MemberId id, std::vector<std::string> urls)
    : context_(ContextOf(parts, id, std::move(urls))), pipeline_(&context_, [] {}) {}

void Remote::Send(raft::Message message) {
  if (!pipeline_.Push(std::move(message))) context_.ReportUnreachable();
}

}  // namespace peer
