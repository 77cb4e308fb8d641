#include "net/peer/pipeline.h"

#include <string>
#include <utility>

#include "net/peer/peer_headers.h"
#include "raft/codec.h"

namespace peer {
namespace {

constexpr size_t kAnswerBytesMax = 64 << 10;

// All of one request; slow links get more for what is large.
runtime::Duration TimeoutOf(size_t bytes) {
  return std::chrono::seconds(5 + static_cast<int64_t>(bytes >> 20));
}

}  // namespace

Pipeline::Pipeline(PeerContext* context, base::Callback<void()> on_said_removed)
    : context_(*context), on_said_removed_(std::move(on_said_removed)) {}

bool Pipeline::Push(raft::Message&& message) {
  if (!outbox_.Push(std::move(message))) return false;
  SendWaiting();
  return true;
}

void Pipeline::SendWaiting() {
  while (under_way_ < kRequestsMax && !outbox_.empty()) {
    Endpoints::Endpoint* const endpoint = context_.endpoints.current();
    if (endpoint == nullptr) {
      outbox_.Clear();
      context_.ReportUnreachable();
      return;
    }
    SendNext(*endpoint);
  }
}

void Pipeline::SendNext(Endpoints::Endpoint& endpoint) {
  http::Headers head = RequestHead("POST", "/raft", endpoint.authority, context_.self);
  head.Add(kSnapshotField, kSnapshotAsRecords);
  head.Add("content-type", "application/protobuf");
  base::Bytes body;
  const raft::Message message = outbox_.Pop();
  raft::Encode(message, &body);
  const Sent sent{.client = endpoint.client.get(),
                  .bytes = body.size(),
                  .is_append = message.type == raft::MessageType::kApp,
                  .start = context_.loop().clock().Now()};
  ++under_way_;
  endpoint.client->Fetch(std::move(head), std::move(body), kAnswerBytesMax,
                         context_.dial_timeout + TimeoutOf(sent.bytes),
                         [this, alive = std::weak_ptr(alive_), sent](const auto& answer) {
                           if (!alive.expired()) OnAnswer(sent, answer);
                         });
}

void Pipeline::OnAnswer(const Sent& sent, const base::Result<http::Client::Answer>& answer) {
  --under_way_;
  const base::Status status = answer.ok() ? Check(*answer) : answer.status();
  if (status.ok()) {
    context_.metrics.sent_bytes.Add(static_cast<double>(sent.bytes));
    if (sent.is_append) {
      context_.append_times->Succeeded(context_.loop().clock().Now() - sent.start);
    }
  } else {
    if (sent.is_append) context_.append_times->Failed();
    context_.logger().Debug("failed to post a message to a remote peer",
                            {{"remote-peer-id", context_.name}, {"error", status.message()}});
    context_.endpoints.OnFailure(sent.client);
    context_.ReportUnreachable();
  }
  SendWaiting();
}

base::Status Pipeline::Check(const http::Client::Answer& answer) {
  if (answer.status == 204 || answer.status == 200) return {};
  if (answer.status == 403) on_said_removed_();
  return {base::Code::kUnavailable,
          "unexpected http status " + std::to_string(answer.status) +
              " while posting to a peer: " + answer.body.substr(0, answer.body.find('\n'))};
}

}  // namespace peer
