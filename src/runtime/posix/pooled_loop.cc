#include "runtime/posix/pooled_loop.h"

#include <utility>

#include "base/check.h"

namespace runtime::posix {
namespace {

// Looking at the clock costs some 30 ns.
constexpr int kTasksBetweenLooks = 4;

}  // namespace

void PooledLoop::Post(base::Callback<void()> task) {
  if (Add(std::move(task))) pool_->Schedule(this);
}

bool PooledLoop::Add(base::Callback<void()> task) {
  const std::lock_guard lock(mutex_);
  if (stopped_) return false;
  posted_.push_back(std::move(task));
  return !std::exchange(scheduled_, true);
}

void PooledLoop::PostSlice(base::Callback<void()> task) {
  DCHECK(IsCurrent());
  slices_.push_back(std::move(task));
}

void PooledLoop::AtEndOfTurn(base::Callback<void()> task) {
  DCHECK(IsCurrent());
  end_of_turn_.push_back(std::move(task));
}

bool PooledLoop::RunTurn() {
  thread_ = std::this_thread::get_id();
  const TimePoint end = clock_.Now() + kTurnTime;
  RunTasks(end);
  if (!slices_.empty()) {
    // What tasks asked for does not wait for long work.
    EndTurn();
    RunSlices(clock_.Now() + kSliceTime);
  }
  EndTurn();
  thread_ = std::thread::id();
  const std::lock_guard lock(mutex_);
  scheduled_ = !tasks_.empty() || !slices_.empty() || !posted_.empty();
  return scheduled_;
}

void PooledLoop::RunTasks(TimePoint end) {
  for (int count = 1;; ++count) {
    if (tasks_.empty()) {
      const std::lock_guard lock(mutex_);
      tasks_.swap(posted_);
    }
    if (tasks_.empty()) return;
    base::Callback<void()> task = std::move(tasks_.front());
    tasks_.pop_front();
    task();
    if (count % kTasksBetweenLooks == 0 && clock_.Now() >= end) return;
  }
}

void PooledLoop::RunSlices(TimePoint end) {
  while (!slices_.empty()) {
    base::Callback<void()> slice = std::move(slices_.front());
    slices_.pop_front();
    slice();
    if (clock_.Now() >= end) return;
  }
}

void PooledLoop::EndTurn() {
  // A task may ask for another at the end of the same turn.
  while (!end_of_turn_.empty()) {
    for (auto& task : std::exchange(end_of_turn_, {})) task();
  }
}

// What is dropped may post in its destructor.
void PooledLoop::Stop() {
  std::deque<base::Callback<void()>> posted;
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    posted.swap(posted_);
  }
  posted.clear();
  tasks_.clear();
  slices_.clear();
  end_of_turn_.clear();
}

}  // namespace runtime::posix
