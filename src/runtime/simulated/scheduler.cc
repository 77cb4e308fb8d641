#include "runtime/simulated/scheduler.h"

#include <algorithm>
#include <deque>
#include <utility>

#include "base/check.h"

namespace runtime::simulated {

class Scheduler::VirtualTimer final : public Timer {
 public:
  VirtualTimer(Scheduler* scheduler, VirtualLoop* loop, base::Callback<void()> on_expiry)
      : scheduler_(scheduler),
        loop_(loop),
        state_(std::make_shared<State>(State{std::move(on_expiry), 0})) {}
  ~VirtualTimer() override { Disarm(); }

  void Arm(Duration delay) override {
    Disarm();
    event_ = scheduler_->AddEvent(scheduler_->clock_.now + std::max(delay, Duration{0}), loop_,
                                  [state = state_, arming = state_->arming] {
                                    if (state->arming == arming) state->on_expiry();
                                  });
  }
  void Disarm() override {
    ++state_->arming;
    scheduler_->events_.erase(event_);
  }

 private:
  // Shared with the event, so that the callback may destroy its timer.
  struct State {
    base::Callback<void()> on_expiry;
    uint64_t arming;
  };
  Scheduler* const scheduler_;
  VirtualLoop* const loop_;
  const std::shared_ptr<State> state_;
  EventKey event_;
};

class Scheduler::VirtualLoop final : public Loop {
 public:
  VirtualLoop(Scheduler* scheduler, std::string name)
      : scheduler_(scheduler), name_(std::move(name)) {}
  ~VirtualLoop() override { scheduler_->Forget(this); }

  const Clock& clock() const override { return scheduler_->clock_; }
  void Post(base::Callback<void()> task) override {
    tasks_.push_back(std::move(task));
    MakeReady();
  }
  void PostSlice(base::Callback<void()> task) override {
    DCHECK(IsCurrent());
    slices_.push_back(std::move(task));
    MakeReady();
  }
  void SetPaused(bool paused) {
    if (std::exchange(paused_, paused) == paused) return;
    if (paused) {
      std::erase(scheduler_->ready_, this);
      is_ready_ = false;
    } else if (!tasks_.empty() || !slices_.empty()) {
      MakeReady();
    }
  }
  std::unique_ptr<Timer> NewTimer(base::Callback<void()> on_expiry) override {
    return std::make_unique<VirtualTimer>(scheduler_, this, std::move(on_expiry));
  }
  void AtEndOfTurn(base::Callback<void()> task) override {
    DCHECK(IsCurrent());
    end_of_turn_.push_back(std::move(task));
  }
  bool IsCurrent() const override { return scheduler_->running_ == this; }

  void RunTurn() {
    is_ready_ = false;
    RunSome(tasks_);
    if (!slices_.empty()) EndTurn();
    RunSome(slices_);
    EndTurn();
    if (!tasks_.empty() || !slices_.empty()) MakeReady();
  }

 private:
  using Tasks = std::deque<base::Callback<void()>>;

  // Runs what waits now, one at least. No time passes in a turn, so it is drawn when the turn's
  // time would have been used up: between any two tasks.
  void RunSome(Tasks& tasks) {
    size_t count = tasks.size();
    if (count > 1 && scheduler_->turns_.OneIn(8)) {
      count = scheduler_->turns_.Between(1, count);
    }
    for (; count > 0; --count) {
      base::Callback<void()> task = std::move(tasks.front());
      tasks.pop_front();
      task();
    }
  }
  void EndTurn() {
    while (!end_of_turn_.empty()) {
      for (auto& task : std::exchange(end_of_turn_, {})) task();
    }
  }
  void MakeReady() {
    if (paused_ || std::exchange(is_ready_, true)) return;
    scheduler_->ready_.push_back(this);
  }

  Scheduler* const scheduler_;
  const std::string name_;
  bool paused_ = false;
  bool is_ready_ = false;
  Tasks tasks_;
  Tasks slices_;
  std::vector<base::Callback<void()>> end_of_turn_;
};

Scheduler::Scheduler(uint64_t seed) : random_(seed), turns_(~seed) {}

Scheduler::~Scheduler() = default;

std::unique_ptr<Loop> Scheduler::NewLoop(std::string name) {
  return std::make_unique<VirtualLoop>(this, std::move(name));
}

Scheduler::EventKey Scheduler::AddEvent(TimePoint time, VirtualLoop* loop,
                                        base::Callback<void()> task) {
  const EventKey key{std::max(time, clock_.now), ++next_event_number_};
  events_.emplace(key, Event{loop, std::move(task)});
  return key;
}

void Scheduler::RunAt(TimePoint time, Loop* loop, base::Callback<void()> task) {
  AddEvent(time, static_cast<VirtualLoop*>(loop), std::move(task));
}

void Scheduler::SetPaused(Loop* loop, bool paused) {
  static_cast<VirtualLoop*>(loop)->SetPaused(paused);
}

bool Scheduler::RunReadyLoop() {
  if (ready_.empty()) return false;
  const size_t chosen = random_.Below(ready_.size());
  running_ = ready_[chosen];
  ready_[chosen] = ready_.back();
  ready_.pop_back();
  running_->RunTurn();
  running_ = nullptr;
  return true;
}

void Scheduler::TakeNextEvent() {
  auto next = events_.extract(events_.begin());
  clock_.now = next.key().first;
  next.mapped().loop->Post(std::move(next.mapped().task));
}

bool Scheduler::Step() {
  CHECK(running_ == nullptr);
  // An event may be a paused loop's.
  while (!RunReadyLoop()) {
    if (events_.empty()) return false;
    TakeNextEvent();
  }
  return true;
}

void Scheduler::RunFor(Duration duration) {
  CHECK(running_ == nullptr);
  const TimePoint end = clock_.now + duration;
  for (;;) {
    if (RunReadyLoop()) continue;
    if (events_.empty() || events_.begin()->first.first > end) break;
    TakeNextEvent();
  }
  clock_.now = end;
}

void Scheduler::Forget(VirtualLoop* loop) {
  CHECK(running_ != loop);
  std::erase(ready_, loop);
  std::erase_if(events_, [loop](const auto& entry) { return entry.second.loop == loop; });
}

}  // namespace runtime::simulated
