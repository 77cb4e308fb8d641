#pragma once

#include <functional>
#include <memory>

namespace etcd {
inline namespace v1 {

class Client;

// Ends calls before their time: put it into the CallOptions of one call, or of several, and call
// Cancel. Copies are the same handle. Any thread may call anything at any time; callbacks and sinks
// too.
class Cancellation {
 public:
  Cancellation();
  // One that is canceled as soon as one of these two is; canceling it cancels neither.
  static Cancellation Either(const Cancellation& first, const Cancellation& second);

  // Ends the calls that have this handle with kCanceled "context canceled"; later ones end at once.
  // A write may have been done nevertheless. Returns before the callbacks run.
  void Cancel();
  bool canceled() const;

 private:
  friend class Client;
  struct State;
  class Listener;

  // Cancel calls `canceled`; if already canceled, Listen does. Destroying the listener stops that,
  // and waits for a call under way. `canceled` must not use the handle.
  std::shared_ptr<Listener> Listen(std::function<void()> canceled) const;

  std::shared_ptr<State> state_;
};

}  // namespace v1
}  // namespace etcd
