#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include <etcd/client.h>

namespace etcd {
inline namespace v1 {

struct SessionOptions {
  // Seconds that the lease lives on when nobody keeps it alive.
  int64_t ttl = 60;
  // A lease that there is, to be kept alive; 0: one is granted.
  int64_t lease = 0;
  // Told once, on the client's thread, when the lease is not kept alive any more: kNotFound if it
  // is lost, kCanceled after Close or Orphan and with the end of the client.
  std::function<void(const Status& status)> on_done = {};
};

// A lease that is kept alive: whatever is put with it is there as long as this process is, and not
// much longer. Locks and elections are held by sessions. The client outlives it. Any thread may
// call anything at any time; what waits must not be called in a callback of the client
// (kFailedPrecondition).
class Session {
 public:
  // Fails as LeaseGrant does, with these options.
  static Result<std::unique_ptr<Session>> New(Client* client, const SessionOptions& options = {},
                                              const CallOptions& call = {});
  // As Orphan, without on_done if it has not been told.
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  Client& client() const { return client_; }
  int64_t lease() const { return lease_; }

  // Canceled when the lease is not kept alive any more: a call that has it in its CallOptions ends
  // then. From the first renewal on, `done` is canceled before the members end the lease, unless
  // their clocks are faster.
  const Cancellation& done() const;

  // Keeps it alive no more: it lives for as long as it has left.
  void Orphan();
  // Ends the lease, and deletes all that is with it. kNotFound if it was lost.
  Status Close(const CallOptions& options = {});

 private:
  friend class Places;
  struct State;
  Session(Client* client, int64_t lease, std::shared_ptr<State> state);

  Client& client_;
  const int64_t lease_;
  const std::shared_ptr<State> state_;
};

}  // namespace v1
}  // namespace etcd
