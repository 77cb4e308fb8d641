#pragma once

#include <atomic>
#include <cstdint>
#include <utility>

namespace v2 {

// Counts who shares an object. Of a derived T, `Reclaim(const T*)` gives one up that nobody does.
class Counted {
 public:
  Counted() = default;
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;

 private:
  template <typename T>
  friend class Ref;
  mutable std::atomic<uint32_t> uses_ = 0;
};

// A share of an object that does not change, or nothing. Any thread; the count is in the object, so
// that hundreds of thousands of them cost little.
template <typename T>
class Ref {
 public:
  Ref() = default;
  explicit Ref(const T* object) : object_(object) { Take(); }
  Ref(const Ref& other) : object_(other.object_) { Take(); }
  Ref(Ref&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
  Ref& operator=(Ref other) noexcept {
    std::swap(object_, other.object_);
    return *this;
  }
  ~Ref() {
    if (object_ == nullptr) return;
    if (object_->uses_.fetch_sub(1, std::memory_order_acq_rel) == 1) Reclaim(object_);
  }

  const T* get() const { return object_; }
  const T& operator*() const { return *object_; }
  const T* operator->() const { return object_; }
  explicit operator bool() const { return object_ != nullptr; }

 private:
  void Take() {
    if (object_ != nullptr) object_->uses_.fetch_add(1, std::memory_order_relaxed);
  }

  const T* object_ = nullptr;
};

}  // namespace v2
