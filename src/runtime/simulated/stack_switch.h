#pragma once

#include <cstddef>

#if defined(__SANITIZE_ADDRESS__)
#define CORNERSTORE_ADDRESS_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define CORNERSTORE_ADDRESS_SANITIZER 1
#endif
#endif

#if defined(__SANITIZE_THREAD__)
#define CORNERSTORE_THREAD_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define CORNERSTORE_THREAD_SANITIZER 1
#endif
#endif

#ifdef CORNERSTORE_ADDRESS_SANITIZER
#include <sanitizer/common_interface_defs.h>
#endif
#ifdef CORNERSTORE_THREAD_SANITIZER
#include <sanitizer/tsan_interface.h>
#endif

namespace runtime::simulated {

// What the sanitizers are told of a stack that is left for another one and returned to; without
// them, nothing.
class SwitchedStack {
 public:
  // That of the thread that calls. Where it lies is known once it was left.
  SwitchedStack() {
#ifdef CORNERSTORE_THREAD_SANITIZER
    is_threads_ = true;
    tsan_fiber_ = __tsan_get_current_fiber();
#endif
  }
  // Another one, which lies there.
  SwitchedStack(const void* bottom, size_t size) : bottom_(bottom), size_(size) {
#ifdef CORNERSTORE_THREAD_SANITIZER
    tsan_fiber_ = __tsan_create_fiber(0);
#endif
  }
  ~SwitchedStack() {
#ifdef CORNERSTORE_THREAD_SANITIZER
    if (!is_threads_) __tsan_destroy_fiber(tsan_fiber_);
#endif
  }
  SwitchedStack(const SwitchedStack&) = delete;
  SwitchedStack& operator=(const SwitchedStack&) = delete;

  // Right before the switch to `other`.
  void Leave([[maybe_unused]] const SwitchedStack& other) {
#ifdef CORNERSTORE_ADDRESS_SANITIZER
    __sanitizer_start_switch_fiber(&asan_stack_, other.bottom_, other.size_);
#endif
#ifdef CORNERSTORE_THREAD_SANITIZER
    __tsan_switch_to_fiber(other.tsan_fiber_, 0);
#endif
  }
  // Likewise; nobody returns.
  void LeaveForGood([[maybe_unused]] const SwitchedStack& other) {
#ifdef CORNERSTORE_ADDRESS_SANITIZER
    __sanitizer_start_switch_fiber(nullptr, other.bottom_, other.size_);
#endif
#ifdef CORNERSTORE_THREAD_SANITIZER
    __tsan_switch_to_fiber(other.tsan_fiber_, 0);
#endif
  }
  // Right after the switch back to this one, or at its beginning. Where that was left which was
  // come from is written to `from`, unless that is null.
  void Return([[maybe_unused]] SwitchedStack* from) {
#ifdef CORNERSTORE_ADDRESS_SANITIZER
    const void* bottom = nullptr;
    size_t size = 0;
    __sanitizer_finish_switch_fiber(asan_stack_, &bottom, &size);
    if (from != nullptr) from->Place(bottom, size);
#endif
  }

 private:
  void Place(const void* bottom, size_t size) {
    bottom_ = bottom;
    size_ = size;
  }

  const void* bottom_ = nullptr;
  size_t size_ = 0;
#ifdef CORNERSTORE_ADDRESS_SANITIZER
  void* asan_stack_ = nullptr;
#endif
#ifdef CORNERSTORE_THREAD_SANITIZER
  void* tsan_fiber_ = nullptr;
  bool is_threads_ = false;
#endif
};

}  // namespace runtime::simulated
