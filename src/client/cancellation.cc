#include <etcd/cancellation.h>

#include <mutex>
#include <unordered_set>
#include <utility>

namespace etcd {
inline namespace v1 {

struct Cancellation::State {
  std::mutex mutex;
  bool canceled = false;
  std::unordered_set<Listener*> listeners;
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

void Cancellation::Cancel() {
  const std::shared_ptr<State> state = state_;
  const std::lock_guard lock(state->mutex);
  if (std::exchange(state->canceled, true)) return;
  for (Listener* const listener : state->listeners) listener->Tell();
  state->listeners.clear();
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
