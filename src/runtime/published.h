#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>

namespace runtime {

// A value that one loop owns and others read: the owner replaces it whole; a reader takes the
// newest and keeps it for as long as it likes, whatever replaces it meanwhile. For what is replaced
// rarely.
//
// T may be const, for a value that does not change while it is held; or not, for an object that
// says itself which of its methods are for any thread.
template <typename T>
class Published {
 public:
  // Any thread. Null before the first Set.
  std::shared_ptr<T> Get() const {
    const std::lock_guard lock(mutex_);
    return value_;
  }
  // The owner.
  void Set(std::shared_ptr<T> value) {
    {
      const std::lock_guard lock(mutex_);
      value_.swap(value);
    }
    version_.fetch_add(1, std::memory_order_release);
  }

  // One loop's way to the newest value. What the loop takes through it is counted apart from what
  // other loops take, so that taking it costs them nothing: no lock, no shared count.
  class Reader {
   public:
    // `published` outlives this.
    explicit Reader(const Published* published) : published_(published) {}

    const std::shared_ptr<T>& Get() {
      const uint64_t version = published_->version_.load(std::memory_order_acquire);
      if (version != version_) Refresh(version);
      return value_;
    }

   private:
    void Refresh(uint64_t version) {
      version_ = version;
      // An owner of its own, which this loop alone counts, and which holds the shared one.
      auto keeper = std::make_shared<std::shared_ptr<T>>(published_->Get());
      T* const value = keeper->get();
      value_ = std::shared_ptr<T>(std::move(keeper), value);
    }

    const Published* const published_;
    uint64_t version_ = 0;
    std::shared_ptr<T> value_;
  };

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<T> value_;  // guarded by mutex_
  std::atomic<uint64_t> version_ = 0;
};

}  // namespace runtime
