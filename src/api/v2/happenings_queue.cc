#include "api/v2/happenings_queue.h"

#include <utility>

namespace v2 {
namespace {

// What a directory that is gone may keep in memory is not known; it goes when the last of those who
// wait for its end has been told. So a few of them fill the queue.
constexpr size_t kRemovedBytes = 256 * 1024;

size_t BytesOf(const Happenings& happenings) {
  size_t bytes = sizeof(Happenings);
  for (const Happening& happening : happenings.happenings) {
    bytes += sizeof(Happening) + happening.event->bytes();
    if (happening.removed) bytes += kRemovedBytes;
  }
  return bytes;
}

}  // namespace

void HappeningsQueue::Listen(bool listens) {
  listens_ = listens;
  const std::lock_guard lock(mutex_);
  waiting_.clear();
  bytes_ = 0;
  is_lost_ = false;
}

bool HappeningsQueue::Push(const Batch& batch) {
  if (!listens_) return false;
  const size_t bytes = BytesOf(*batch);
  const std::lock_guard lock(mutex_);
  const bool wakes = waiting_.empty() && !is_lost_;
  if (bytes_ + bytes > bytes_max_) {
    is_lost_ = true;
    return wakes;
  }
  bytes_ += bytes;
  waiting_.push_back(batch);
  return wakes;
}

HappeningsQueue::Batch HappeningsQueue::Take() {
  const std::lock_guard lock(mutex_);
  if (waiting_.empty()) return nullptr;
  Batch batch = std::move(waiting_.front());
  waiting_.pop_front();
  bytes_ -= BytesOf(*batch);
  return batch;
}

bool HappeningsQueue::TakeLost() {
  const std::lock_guard lock(mutex_);
  return std::exchange(is_lost_, false);
}

}  // namespace v2
