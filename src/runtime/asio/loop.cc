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

class AsioTimer final : public Timer {
 public:
  AsioTimer(boost::asio::io_context& io, base::Callback<void()> on_expiry)
      : state_(std::make_shared<State>(io, std::move(on_expiry))) {}
  ~AsioTimer() override { Disarm(); }

  void Arm(Duration delay) override {
    const uint64_t arming = ++state_->arming;
    state_->timer.expires_after(delay);
    state_->timer.async_wait([state = state_, arming](const boost::system::error_code& error) {
      // An expiry that was already on its way when the timer was rearmed is stale.
      if (!error && state->arming == arming) state->on_expiry();
    });
  }
  void Disarm() override {
    ++state_->arming;
    state_->timer.cancel();
  }

 private:
  // Shared with the wait, so that the callback may destroy its timer.
  struct State {
    State(boost::asio::io_context& io, base::Callback<void()> callback)
        : timer(io), on_expiry(std::move(callback)) {}
    boost::asio::steady_timer timer;
    base::Callback<void()> on_expiry;
    uint64_t arming = 0;
  };
  const std::shared_ptr<State> state_;
};

}  // namespace

Loop::Loop(posix::LoopPool* pool) : pool_(pool), context_(std::make_unique<Context>()) {}

Loop::~Loop() = default;

void Loop::Run() {
  context_->thread = std::this_thread::get_id();
  std::optional<posix::LoopPool::Lender> lender;
  if (pool_ != nullptr) lender.emplace(pool_);
  while (!context_->io.stopped()) {
    const Turn turn = RunTurn();
    if (lender.has_value() && Lend(&*lender, turn)) continue;
    if (turn == Turn::kNothing) context_->io.run_one();
  }
  context_->thread = {};
}

bool Loop::Lend(posix::LoopPool::Lender* lender, Turn turn) {
  if (!lender->has_work()) return false;
  if (turn == Turn::kMore) {
    lender->PassOn();
  } else {
    lender->Run();
  }
  return true;
}

void Loop::Stop() {
  context_->io.stop();
}

Loop::Turn Loop::RunTurn() {
  const TimePoint end = clock_.Now() + kTurnTime;
  const Turn events = RunEvents(end);
  const Turn slices = RunSlices(end);
  const bool ended = EndTurn();
  return std::max({events, slices, ended ? Turn::kDone : Turn::kNothing});
}

Loop::Turn Loop::RunEvents(TimePoint end) {
  int count = 0;
  while (context_->io.poll_one() > 0) {
    if (++count % kEventsBetweenLooks == 0 && clock_.Now() >= end) return Turn::kMore;
  }
  return count > 0 ? Turn::kDone : Turn::kNothing;
}

Loop::Turn Loop::RunSlices(TimePoint end) {
  std::deque<base::Callback<void()>>& slices = context_->slices;
  if (slices.empty()) return Turn::kNothing;
  do {
    base::Callback<void()> slice = std::move(slices.front());
    slices.pop_front();
    slice();
  } while (!slices.empty() && clock_.Now() < end);
  return slices.empty() ? Turn::kDone : Turn::kMore;
}

bool Loop::EndTurn() {
  bool any = false;
  // A task may ask for another at the end of the same turn.
  while (!context_->end_of_turn.empty()) {
    any = true;
    for (auto& task : std::exchange(context_->end_of_turn, {})) task();
  }
  return any;
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
