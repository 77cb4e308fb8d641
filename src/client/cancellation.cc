#include <etcd/cancellation.h>

#include <cstdint>
#include <map>
#include <mutex>
#include <utility>
#include <vector>

namespace etcd {
inline namespace v1 {

struct Cancellation::State {
  std::mutex mutex;
  bool canceled = false;
  // By number, in the order in which they came.
  std::map<uint64_t, Listener*> listeners;
  uint64_t listeners_made = 0;
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
      number_ = ++state_->listeners_made;
      state_->listeners.emplace(number_, this);
    }
  }
  ~Listener() {
    const std::lock_guard lock(state_->mutex);
    state_->listeners.erase(number_);
  }
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  void Tell() { canceled_(); }

 private:
  const std::shared_ptr<State> state_;
  uint64_t number_ = 0;  // 0: it was told at once
  const std::function<void()> canceled_;
};

Cancellation::Cancellation() : state_(std::make_shared<State>()) {}

void Cancellation::State::Cancel() {
  const std::lock_guard lock(mutex);
  if (std::exchange(canceled, true)) return;
  for (const auto& [number, listener] : listeners) listener->Tell();
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
