#include <etcd/cancellation.h>

#include <mutex>
#include <unordered_set>
#include <utility>
#include <vector>

namespace etcd {
inline namespace v1 {

struct Cancellation::State {
  std::mutex mutex;
  bool canceled = false;
  std::unordered_set<Listener*> listeners;
  // At others that cancel this one. Destroyed first, which waits for one that does.
  std::vector<std::shared_ptr<Listener>> follows;

  void Cancel();
};

class Cancellation::Listener {
 public:
  Listener(std::shared_ptr<State> state, std::function<void()> canceled)
      : state_(std::move(state)), canceled_(std::move(canceled)) {
    const std::lock_guard lock(state_->mutex);
    if (state_->canceled) {
      canceled_();
    } else {
      state_->listeners.insert(this);
    }
  }
  ~Listener() {
    const std::lock_guard lock(state_->mutex);
    state_->listeners.erase(this);
  }
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  void Tell() { canceled_(); }

 private:
  const std::shared_ptr<State> state_;
  const std::function<void()> canceled_;
};

Cancellation::Cancellation() : state_(std::make_shared<State>()) {}

void Cancellation::State::Cancel() {
  const std::lock_guard lock(mutex);
  if (std::exchange(canceled, true)) return;
  for (Listener* const listener : listeners) listener->Tell();
  listeners.clear();
}

Cancellation Cancellation::Either(const Cancellation& first, const Cancellation& second) {
  Cancellation either;
  State* const state = either.state_.get();
  for (const Cancellation& one : {first, second}) {
    state->follows.push_back(one.Listen([state] { state->Cancel(); }));
  }
  return either;
}

void Cancellation::Cancel() {
  const std::shared_ptr<State> state = state_;
  state->Cancel();
}

bool Cancellation::canceled() const {
  const std::lock_guard lock(state_->mutex);
  return state_->canceled;
}

std::shared_ptr<Cancellation::Listener> Cancellation::Listen(std::function<void()> canceled) const {
  return std::make_shared<Listener>(state_, std::move(canceled));
}

}  // namespace v1
}  // namespace etcd
