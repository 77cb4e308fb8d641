#include "net/rpc/deadline_queue.h"

#include <algorithm>

#include "base/check.h"

namespace rpc {

DeadlineQueue::DeadlineQueue(runtime::Loop* loop)
    : loop_(loop), timer_(loop->NewTimer([this] { Expire(); })) {}

void DeadlineQueue::Add(Entry* entry, runtime::TimePoint deadline) {
  CHECK(entry->place_ == Entry::kNowhere);
  entry->deadline_ = deadline;
  heap_.push_back(entry);
  SiftUp(heap_.size() - 1, entry);
  ArmForFirst();
}

void DeadlineQueue::Remove(Entry* entry) {
  if (entry->place_ == Entry::kNowhere) return;
  const size_t place = entry->place_;
  entry->place_ = Entry::kNowhere;
  Entry* const last = heap_.back();
  heap_.pop_back();
  if (last == entry) return;
  SiftUp(place, last);
  SiftDown(last->place_, last);
  // The timer stays: it finds nothing due and goes on to the first.
}

void DeadlineQueue::Expire() {
  armed_ = false;
  const runtime::TimePoint now = loop_->clock().Now();
  while (!heap_.empty() && heap_.front()->deadline_ <= now) {
    Entry* const due = heap_.front();
    Remove(due);
    due->OnDeadline();
  }
  ArmForFirst();
}

void DeadlineQueue::ArmForFirst() {
  if (heap_.empty()) return;
  const runtime::TimePoint first = heap_.front()->deadline_;
  if (armed_ && armed_for_ <= first) return;
  armed_ = true;
  armed_for_ = first;
  timer_->Arm(std::max(first - loop_->clock().Now(), runtime::Duration(0)));
}

void DeadlineQueue::Put(size_t place, Entry* entry) {
  heap_[place] = entry;
  entry->place_ = place;
}

void DeadlineQueue::SiftUp(size_t place, Entry* entry) {
  while (place > 0) {
    const size_t parent = (place - 1) / 2;
    if (heap_[parent]->deadline_ <= entry->deadline_) break;
    Put(place, heap_[parent]);
    place = parent;
  }
  Put(place, entry);
}

void DeadlineQueue::SiftDown(size_t place, Entry* entry) {
  for (;;) {
    size_t child = 2 * place + 1;
    if (child >= heap_.size()) break;
    if (child + 1 < heap_.size() && heap_[child + 1]->deadline_ < heap_[child]->deadline_) ++child;
    if (entry->deadline_ <= heap_[child]->deadline_) break;
    Put(place, heap_[child]);
    place = child;
  }
  Put(place, entry);
}

}  // namespace rpc
