#include "bench/connection.h"

#include <utility>

#include "proto/rpc.pb.h"

namespace bench {
namespace {

constexpr client::Method kStatus{"/etcdserverpb.Maintenance/Status", client::Repeatable::kYes};

}  // namespace

class Connection::Handler final : public rpc::ClientHandler {
 public:
  Handler(Connection* connection, Begun begun)
      : connection_(*connection), begun_(std::move(begun)) {}

  void OnMessage(base::ByteView message) override {
    if (begun_.wants_answer) answer_ = message;
  }
  void OnFinished(const base::Status& status, const http::Headers&) override {
    connection_.OnFinished(std::move(begun_), status, answer_);
  }

 private:
  Connection& connection_;
  Begun begun_;
  base::Bytes answer_;
};

Connection::Connection(runtime::Loop* loop, runtime::Network* network, client::Settings settings,
                       uint64_t seed)
    : logs_in_(!settings.user.empty()), session_(loop, network, settings, seed) {
  if (settings.auto_sync_interval == runtime::Duration(0)) return;
  sync_ = std::make_unique<client::EndpointSync>(loop, &session_, settings.auto_sync_interval,
                                                 seed + 1);
}

void Connection::Open(runtime::Duration timeout, Opened done) {
  const auto look = [this, timeout](Opened opened) {
    client::Session::Request request{.method = kStatus,
                                     .message = etcdserverpb::StatusRequest().SerializeAsString()};
    request.timeout = timeout;
    session_.StartUnary(
        std::move(request), [opened = std::move(opened)](const client::Session::Ending& ending,
                                                         base::ByteView) mutable {
          // Whoever refuses to answer is there.
          const bool is_there = ending.status.code() != base::Code::kDeadlineExceeded &&
                                ending.status.code() != base::Code::kUnavailable;
          opened(is_there ? client::Session::Ending{} : ending);
        });
  };
  if (!logs_in_) return look(std::move(done));
  session_.RenewToken(
      timeout, [look, done = std::move(done)](const client::Session::Ending& ending) mutable {
        if (!ending.status.ok()) return done(ending);
        look(std::move(done));
      });
}

void Connection::Call(Request request, Done done) {
  Begun begun{request.path, request.wants_answer, std::move(done), {}};
  if (logs_in_) begun.message = request.message.view();
  Begin(std::move(begun), std::move(request.message));
}

void Connection::Begin(Begun begun, rpc::Message message) {
  const char* const path = begun.path;
  const auto call = session_.StartStream(path, /*require_leader=*/false, /*avoided_endpoint=*/0,
                                         std::make_unique<Handler>(this, std::move(begun)));
  call->Send(std::move(message));
  call->HalfClose();
}

void Connection::OnFinished(Begun begun, const base::Status& status, base::ByteView answer) {
  if (status.ok() || !logs_in_ || begun.renewed || !session_.NeedsToken(status)) {
    return begun.done(status, answer);
  }
  begun.renewed = true;
  session_.RenewToken(
      client::Session::kNoTimeout,
      [this, begun = std::move(begun)](const client::Session::Ending& ending) mutable {
        if (!ending.status.ok()) return begun.done(ending.status, {});
        rpc::Message message(begun.message);
        Begin(std::move(begun), std::move(message));
      });
}

}  // namespace bench
