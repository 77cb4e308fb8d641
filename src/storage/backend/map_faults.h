#pragma once

#include <atomic>
#include <csetjmp>
#include <cstddef>

// Memory that shows a file ends the process when the file ends before it or the disk cannot read
// it (SIGBUS), and what reads a damaged structure there may go anywhere (SIGSEGV). The handler of
// both signals, one for the process, finds whose fault it is:
//
// - a thread within Guarded returns from there;
// - another one that touched a MappedFile finds zeros there from now on, and the file is marked.
//
// Anything else goes to whoever had the signals before.

namespace backend {

// A mapped file, known to the handler while this lives. Any thread.
class MappedFile {
 public:
  // Unless too many are known: then its faults are anybody's.
  MappedFile(const void* begin, size_t bytes);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  // Whether these bytes are all of it.
  bool Contains(const char* begin, size_t bytes) const {
    return begin >= begin_ && begin <= begin_ + bytes_ &&
           bytes <= static_cast<size_t>(begin_ + bytes_ - begin);
  }
  const char* begin() const { return begin_; }
  size_t bytes() const { return bytes_; }
  // Whether zeros stand for a part of it.
  bool is_damaged() const { return is_damaged_.load(std::memory_order_acquire); }

 private:
  const char* const begin_;
  const size_t bytes_;
  std::atomic<bool> is_damaged_ = false;
  int place_ = -1;  // among those known
};

namespace internal {
// What this thread's fault returns to; null outside of Guarded.
extern thread_local sigjmp_buf* fault_target;
}  // namespace internal

// Ends the innermost Guarded of this thread, which returns false. Does nothing outside of one.
void EndGuarded();

// Calls `call`; false if it was ended by a fault. It must not own anything: no destructor of what
// it called runs then.
template <typename Call>
bool Guarded(Call call) {
  sigjmp_buf target;
  sigjmp_buf* const outer = internal::fault_target;
  constexpr int kWithoutMask = 0;
  if (sigsetjmp(target, kWithoutMask) != 0) {
    internal::fault_target = outer;
    return false;
  }
  internal::fault_target = &target;
  call();
  internal::fault_target = outer;
  return true;
}

}  // namespace backend
