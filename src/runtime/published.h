#pragma once

#include <memory>
#include <mutex>
#include <utility>

namespace runtime {

// A value that one loop owns and others read: the owner replaces it whole, any thread takes the
// newest, which does not change while it is held. For small things that change rarely.
template <typename T>
class Published {
 public:
  std::shared_ptr<const T> Get() const {
    const std::lock_guard lock(mutex_);
    return value_;
  }
  void Set(T value) {
    auto next = std::make_shared<const T>(std::move(value));
    const std::lock_guard lock(mutex_);
    value_.swap(next);
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const T> value_ = std::make_shared<const T>();  // guarded by mutex_
};

}  // namespace runtime
