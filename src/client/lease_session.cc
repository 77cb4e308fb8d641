#include <etcd/session.h>

#include <utility>

#include "client/session_state.h"

namespace etcd {
inline namespace v1 {

Session::Session(Client* client, int64_t lease, std::shared_ptr<State> state)
    : client_(*client), lease_(lease), state_(std::move(state)) {}

Session::~Session() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->on_done = nullptr;
  }
  Orphan();
}

Result<std::unique_ptr<Session>> Session::New(Client* client, const SessionOptions& options,
                                              const CallOptions& call) {
  int64_t lease = options.lease;
  if (lease == 0) {
    const auto granted = client->LeaseGrant({.ttl = options.ttl}, call);
    if (!granted.ok()) return granted.status();
    lease = granted->id;
  }
  const auto state = std::make_shared<State>();
  state->on_done = options.on_done;
  client->LeaseKeepAlive(
      lease, {.cancellation = state->keeping}, [](const LeaseKeepAliveResponse&) { return true; },
      [state](const Status& status) { state->Finish(status); });
  return std::unique_ptr<Session>(new Session(client, lease, state));
}

const Cancellation& Session::done() const {
  return state_->done;
}

void Session::Orphan() {
  state_->keeping.Cancel();
  state_->done.Cancel();
}

Status Session::Close(const CallOptions& options) {
  Orphan();
  return client_.LeaseRevoke(lease_, options).status();
}

}  // namespace v1
}  // namespace etcd
