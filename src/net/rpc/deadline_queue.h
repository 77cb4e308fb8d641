#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "runtime/loop.h"

namespace rpc {

// The deadlines of one loop's calls behind one timer: a binary heap whose elements know their
// place, so that a call that ends in time leaves at little cost.
class DeadlineQueue {
 public:
  // Something with a deadline; in one queue at most, and removed before it is destroyed.
  class Entry {
   public:
    virtual void OnDeadline() = 0;
    // What it was added with last.
    runtime::TimePoint deadline() const { return deadline_; }

   protected:
    Entry() = default;
    virtual ~Entry() = default;
    Entry(const Entry&) = delete;
    Entry& operator=(const Entry&) = delete;

   private:
    friend class DeadlineQueue;
    static constexpr size_t kNowhere = static_cast<size_t>(-1);
    runtime::TimePoint deadline_;
    size_t place_ = kNowhere;
  };

  explicit DeadlineQueue(runtime::Loop* loop);

  void Add(Entry* entry, runtime::TimePoint deadline);
  // Does nothing if it is not there.
  void Remove(Entry* entry);
  size_t size() const { return heap_.size(); }

 private:
  void Expire();
  void Put(size_t place, Entry* entry);
  void SiftUp(size_t place, Entry* entry);
  void SiftDown(size_t place, Entry* entry);
  void ArmForFirst();

  runtime::Loop* const loop_;
  std::vector<Entry*> heap_;
  runtime::TimePoint armed_for_;
  bool armed_ = false;
  const std::unique_ptr<runtime::Timer> timer_;
};

}  // namespace rpc
