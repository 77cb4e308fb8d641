#include "runtime/asio/loop.h"

#include <pthread.h>

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <future>
#include <optional>
#include <utility>

#include "base/check.h"
#include "runtime/asio/context.h"

namespace runtime::asio {
namespace {

// Looking at the clock costs some 30 ns, of the 2 us that an event may take.
constexpr int kEventsBetweenLooks = 4;

// Most timers are put off or disarmed before they expire. So a wait that ends early enough is left
// alone: when it ends it is seen what is due then.
class AsioTimer final : public Timer {
 public:
  AsioTimer(boost::asio::io_context& io, base::Callback<void()> on_expiry)
      : state_(std::make_shared<State>(io, std::move(on_expiry))) {}
  ~AsioTimer() override {
    Disarm();
    state_->Cancel();
  }

  void Arm(Duration delay) override {
    state_->due = Waiting::clock_type::now() + delay;
    if (!state_->wait_ends.has_value() || *state_->wait_ends > *state_->due) state_->Wait();
  }
  void Disarm() override { state_->due.reset(); }

 private:
  using Waiting = boost::asio::steady_timer;

  // Shared with the wait, so that the callback may destroy its timer.
  struct State : std::enable_shared_from_this<State> {
    State(boost::asio::io_context& io, base::Callback<void()> callback)
        : timer(io), on_expiry(std::move(callback)) {}

    void Wait() {
      wait_ends = *due;
      timer.expires_at(*due);
      timer.async_wait([state = shared_from_this(), number = ++waits](const auto& error) {
        // One that was already on its way when another wait began is stale.
        if (!error && number == state->waits) state->OnWaited();
      });
    }
    void OnWaited() {
      wait_ends.reset();
      if (!due.has_value()) return;
      if (Waiting::clock_type::now() < *due) return Wait();
      due.reset();
      on_expiry();
    }
    void Cancel() {
      ++waits;
      timer.cancel();
    }

    Waiting timer;
    base::Callback<void()> on_expiry;
    std::optional<Waiting::time_point> due;        // none: disarmed
    std::optional<Waiting::time_point> wait_ends;  // none: no wait is outstanding
    uint64_t waits = 0;
  };
  const std::shared_ptr<State> state_;
};

}  // namespace

Loop::Loop(posix::LoopPool* pool) : pool_(pool), context_(std::make_unique<Context>()) {}

Loop::~Loop() = default;

void Loop::Run() {
  context_->thread = std::this_thread::get_id();
  if (pool_ != nullptr) lender_ = std::make_unique<posix::LoopPool::Lender>(pool_);
  while (!context_->io.stopped()) {
    const bool has_more = RunTurn();
    HandOn(has_more);
  }
  lender_.reset();
  context_->thread = {};
}

void Loop::Stop() {
  context_->io.stop();
}

// Waiting for the first event is looking for it, too: asked once more before, the system would only
// say again that there is none.
bool Loop::RunTurn() {
  if (!HasTasks()) {
    context_->io.run_one();
    // The next turn waits for what there is now, too, and asks the system less often for it.
    const bool is_done = !HasTasks() && (lender_ == nullptr || !lender_->has_work());
    if (is_done) return false;
  }
  const TimePoint end = clock_.Now() + kTurnTime;
  const bool has_events = RunEvents(end);
  if (!context_->slices.empty()) {
    // What events asked for does not wait for long work.
    EndTurn();
    HandOn(has_events);
  }
  const bool has_slices = RunSlices(clock_.Now() + kSliceTime);
  EndTurn();
  // Long work gives way to other threads, too: some milliseconds are the system's idea of a slice.
  if (has_slices) std::this_thread::yield();
  return has_events || has_slices;
}

void Loop::HandOn(bool is_busy) {
  if (lender_ == nullptr || !lender_->has_work()) return;
  if (is_busy) {
    lender_->PassOn();
  } else {
    lender_->Run();
  }
}

bool Loop::HasTasks() const {
  return !context_->slices.empty() || !context_->end_of_turn.empty();
}

bool Loop::RunEvents(TimePoint end) {
  int count = 0;
  while (context_->io.poll_one() > 0) {
    if (++count % kEventsBetweenLooks == 0 && clock_.Now() >= end) return true;
  }
  return false;
}

bool Loop::RunSlices(TimePoint end) {
  std::deque<base::Callback<void()>>& slices = context_->slices;
  if (slices.empty()) return false;
  do {
    base::Callback<void()> slice = std::move(slices.front());
    slices.pop_front();
    slice();
  } while (!slices.empty() && clock_.Now() < end);
  return !slices.empty();
}

void Loop::EndTurn() {
  // A task may ask for another at the end of the same turn.
  while (!context_->end_of_turn.empty()) {
    for (auto& task : std::exchange(context_->end_of_turn, {})) task();
  }
}

void Loop::Post(base::Callback<void()> task) {
  boost::asio::post(context_->io, [task = std::move(task)]() mutable { task(); });
}

void Loop::PostSlice(base::Callback<void()> task) {
  DCHECK(IsCurrent());
  context_->slices.push_back(std::move(task));
}

std::unique_ptr<Timer> Loop::NewTimer(base::Callback<void()> on_expiry) {
  return std::make_unique<AsioTimer>(context_->io, std::move(on_expiry));
}

void Loop::AtEndOfTurn(base::Callback<void()> task) {
  DCHECK(IsCurrent());
  context_->end_of_turn.push_back(std::move(task));
}

bool Loop::IsCurrent() const {
  return context_->thread == std::this_thread::get_id();
}

struct LoopThread::Thread {
  std::thread thread;
};

LoopThread::LoopThread(const std::string& name, posix::LoopPool* pool)
    : loop_(pool), thread_(std::make_unique<Thread>()) {
  thread_->thread = std::thread([this] { loop_.Run(); });
  ::pthread_setname_np(thread_->thread.native_handle(), name.c_str());
}

LoopThread::~LoopThread() {
  Stop();
}

void LoopThread::RunAndWait(base::Callback<void()> task) {
  std::promise<void> done;
  loop_.Post([&task, &done] {
    task();
    done.set_value();
  });
  done.get_future().wait();
}

void LoopThread::Stop() {
  if (!thread_->thread.joinable()) return;
  loop_.Stop();
  thread_->thread.join();
}

}  // namespace runtime::asio
