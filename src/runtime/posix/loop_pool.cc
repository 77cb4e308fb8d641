#include "runtime/posix/loop_pool.h"

#include <pthread.h>

#include <algorithm>
#include <optional>

#include "base/check.h"
#include "runtime/posix/clock.h"
#include "runtime/posix/pooled_loop.h"
#include "runtime/posix/priority.h"

namespace runtime::posix {

thread_local LoopPool::Hand LoopPool::hand_;

// Shared with an expiry that is on its way, so that the callback may destroy its timer.
struct LoopPool::TimerState : std::enable_shared_from_this<TimerState> {
  TimerState(PooledLoop* the_loop, base::Callback<void()> callback)
      : loop(the_loop), on_expiry(std::move(callback)) {}

  PooledLoop* const loop;
  base::Callback<void()> on_expiry;
  // Changed on the loop, under the pool's lock.
  uint64_t arming = 0;
  // What the timer is among the pool's; empty while it is there.
  std::set<std::pair<TimePoint, TimerState*>>::node_type node;
  TimePoint expiry;
};

class LoopPool::PooledTimer final : public Timer {
 public:
  PooledTimer(LoopPool* pool, PooledLoop* loop, base::Callback<void()> on_expiry)
      : pool_(*pool), state_(std::make_shared<TimerState>(loop, std::move(on_expiry))) {
    std::set<std::pair<TimePoint, TimerState*>> nodes;
    state_->node = nodes.extract(nodes.emplace(TimePoint(), state_.get()).first);
  }
  ~PooledTimer() override { Disarm(); }

  void Arm(Duration delay) override {
    const std::lock_guard lock(pool_.mutex_);
    Remove();
    ++state_->arming;
    state_->expiry = state_->loop->clock().Now() + delay;
    state_->node.value() = {state_->expiry, state_.get()};
    const auto inserted = pool_.timers_.insert(std::move(state_->node));
    if (inserted.position == pool_.timers_.begin() && pool_.timekeeper_ != nullptr) {
      pool_.timekeeper_->parker.Unpark();
    }
  }
  void Disarm() override {
    const std::lock_guard lock(pool_.mutex_);
    Remove();
    ++state_->arming;
  }

 private:
  void Remove() {
    if (!state_->node.empty()) return;
    state_->node = pool_.timers_.extract({state_->expiry, state_.get()});
  }

  LoopPool& pool_;
  const std::shared_ptr<TimerState> state_;
};

std::unique_ptr<Timer> PooledLoop::NewTimer(base::Callback<void()> on_expiry) {
  return std::make_unique<LoopPool::PooledTimer>(pool_, this, std::move(on_expiry));
}

LoopPool::LoopPool(const std::string& name, size_t threads) {
  for (size_t i = 0; i < threads; ++i) {
    workers_.push_back(std::make_unique<Worker>());
    Worker& worker = *workers_.back();
    worker.thread = std::thread([this, &worker] { Work(worker); });
    ::pthread_setname_np(worker.thread.native_handle(), (name + std::to_string(i)).c_str());
  }
}

LoopPool::~LoopPool() {
  Stop();
}

Loop* LoopPool::NewLoop(Turns turns) {
  CHECK(loops_.size() < workers_.size());
  loops_.push_back(std::make_unique<PooledLoop>(this, turns));
  return loops_.back().get();
}

void LoopPool::Stop() {
  {
    const std::lock_guard lock(mutex_);
    if (stopped_.exchange(true)) return;
    while (Worker* const worker = ToWake()) worker->parker.Unpark();
  }
  for (const auto& worker : workers_) worker->thread.join();
  for (const auto& loop : loops_) loop->Stop();
}

void LoopPool::Work(Worker& self) {
  // A loop that has long work is on another thread, and shares the processor with this one.
  SetPriority(Priority::kPrompt);
  hand_.pool = this;
  while (PooledLoop* loop = WaitForLoop(self)) {
    while (loop != nullptr && !stopped_) loop = RunTurn(loop);
  }
}

PooledLoop* LoopPool::RunTurn(PooledLoop* loop) {
  const bool has_more = loop->RunTurn();
  std::vector<PooledLoop*>& given = hand_.loops;
  PooledLoop* next = has_more ? loop : nullptr;
  if (next == nullptr && !given.empty()) {
    next = given.front();
    given.erase(given.begin());
  }
  for (PooledLoop* const other : given) hand_.pool->Enqueue(other);
  given.clear();
  return next;
}

PooledLoop* LoopPool::WaitForLoop(Worker& self) {
  std::unique_lock lock(mutex_);
  while (!stopped_) {
    FireTimers();
    if (!ready_.empty()) {
      PooledLoop* const loop = ready_.front();
      ready_.pop_front();
      // The time is kept by somebody as long as anybody is idle.
      Worker* const keeper = timekeeper_ == nullptr ? ToWake() : nullptr;
      lock.unlock();
      if (keeper != nullptr) keeper->parker.Unpark();
      return loop;
    }
    if (timekeeper_ == nullptr) {
      KeepTime(self, lock);
      continue;
    }
    self.is_idle = true;
    idle_.push_back(&self);
    while (self.is_idle) {
      lock.unlock();
      self.parker.Park();
      lock.lock();
    }
  }
  return nullptr;
}

void LoopPool::KeepTime(Worker& self, std::unique_lock<std::mutex>& lock) {
  timekeeper_ = &self;
  std::optional<Duration> timeout;
  if (!timers_.empty()) timeout = timers_.begin()->first - Clock().Now();
  lock.unlock();
  self.parker.Park(timeout);
  lock.lock();
  if (timekeeper_ == &self) timekeeper_ = nullptr;
}

// Expiries are events like others of their loops, which are made ready here.
void LoopPool::FireTimers() {
  if (timers_.empty()) return;
  const TimePoint now = Clock().Now();
  while (!timers_.empty() && timers_.begin()->first <= now) {
    auto node = timers_.extract(timers_.begin());
    TimerState& timer = *node.value().second;
    timer.node = std::move(node);
    const bool ready = timer.loop->Add([state = timer.shared_from_this(), arming = timer.arming] {
      // One that was already on its way when the timer was rearmed is stale.
      if (state->arming == arming) state->on_expiry();
    });
    if (ready) ready_.push_back(timer.loop);
  }
}

LoopPool::Worker* LoopPool::ToWake() {
  if (idle_.empty()) return std::exchange(timekeeper_, nullptr);
  Worker* const worker = idle_.back();
  idle_.pop_back();
  worker->is_idle = false;
  return worker;
}

void LoopPool::Schedule(PooledLoop* loop) {
  if (hand_.pool == this && (!hand_.lent || loop->is_brief())) {
    hand_.loops.push_back(loop);
  } else {
    Enqueue(loop);
  }
}

void LoopPool::Enqueue(PooledLoop* loop) {
  Worker* worker = nullptr;
  {
    const std::lock_guard lock(mutex_);
    ready_.push_back(loop);
    worker = ToWake();
  }
  if (worker != nullptr) worker->parker.Unpark();
}

LoopPool::Lender::Lender(LoopPool* pool) {
  CHECK(hand_.pool == nullptr);
  hand_.pool = pool;
  hand_.lent = true;
}

LoopPool::Lender::~Lender() {
  PassOn();
  hand_ = {};
}

bool LoopPool::Lender::has_work() const {
  return !hand_.loops.empty();
}

void LoopPool::Lender::Run() {
  PooledLoop* const loop = hand_.loops.front();
  hand_.loops.erase(hand_.loops.begin());
  if (PooledLoop* const next = RunTurn(loop)) hand_.pool->Enqueue(next);
}

void LoopPool::Lender::PassOn() {
  for (PooledLoop* const loop : hand_.loops) hand_.pool->Enqueue(loop);
  hand_.loops.clear();
}

}  // namespace runtime::posix
