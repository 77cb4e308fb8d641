#pragma once

#include <etcd/status.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

// How what is built on sessions, watches and transactions fails by itself. Compat: the texts of
// locks, elections and barriers are those of clientv3's packages concurrency and recipes where
// these have one.

namespace client {

struct ConcurrencyError {
  etcd::Code code;
  std::string_view text;

  operator etcd::Status() const { return etcd::Status(code, std::string(text)); }
};

inline constexpr ConcurrencyError kLocked{etcd::Code::kFailedPrecondition,
                                          "mutex: Locked by another session"};
inline constexpr ConcurrencyError kMutexExpired{etcd::Code::kAborted, "mutex: session is expired"};
inline constexpr ConcurrencyError kLockReleased{etcd::Code::kFailedPrecondition,
                                                "mutex: lock has already been released"};
inline constexpr ConcurrencyError kNotLeading{etcd::Code::kFailedPrecondition,
                                              "election: not leader"};
inline constexpr ConcurrencyError kNobodyLeads{etcd::Code::kNotFound, "election: no leader"};
inline constexpr ConcurrencyError kElectionExpired{etcd::Code::kAborted,
                                                   "election: session is expired"};
inline constexpr ConcurrencyError kNoSlotFree{etcd::Code::kFailedPrecondition,
                                              "semaphore: no slot is free"};
inline constexpr ConcurrencyError kSemaphoreExpired{etcd::Code::kAborted,
                                                    "semaphore: session is expired"};
inline constexpr ConcurrencyError kSlotReleased{etcd::Code::kFailedPrecondition,
                                                "semaphore: slot has already been released"};
inline constexpr ConcurrencyError kLimitNegative{etcd::Code::kInvalidArgument,
                                                 "semaphore: limit is negative"};
inline constexpr ConcurrencyError kLimitNoNumber{etcd::Code::kFailedPrecondition,
                                                 "semaphore: limit is not a number"};

inline constexpr ConcurrencyError kKeyExists{etcd::Code::kAlreadyExists, "key already exists"};
inline constexpr ConcurrencyError kTooManyClients{etcd::Code::kFailedPrecondition,
                                                  "too many clients"};
inline constexpr ConcurrencyError kBarrierExpired{etcd::Code::kAborted,
                                                  "barrier: session is expired"};
inline constexpr ConcurrencyError kEnteredAlready{etcd::Code::kFailedPrecondition,
                                                  "barrier: entered already"};
inline constexpr ConcurrencyError kNotEntered{etcd::Code::kFailedPrecondition,
                                              "barrier: not entered"};
inline constexpr ConcurrencyError kQueueEmpty{etcd::Code::kNotFound, "queue: no element"};
inline constexpr ConcurrencyError kElementUnknown{etcd::Code::kUnknown,
                                                  "queue: an element may be lost"};
inline constexpr ConcurrencyError kNoElement{etcd::Code::kFailedPrecondition,
                                             "queue: last key of the priority is no element"};

// Whether the client itself has failed so: a member that keeps a lock has some of these texts too,
// behind another code.
inline bool IsConcurrencyError(etcd::Code code, std::string_view text) {
  constexpr std::array kAll = {
      kLocked,          kMutexExpired, kLockReleased,     kNotLeading,     kNobodyLeads,
      kElectionExpired, kNoSlotFree,   kSemaphoreExpired, kSlotReleased,   kLimitNegative,
      kLimitNoNumber,   kKeyExists,    kTooManyClients,   kBarrierExpired, kEnteredAlready,
      kNotEntered,      kQueueEmpty,   kElementUnknown,   kNoElement,
  };
  return std::any_of(kAll.begin(), kAll.end(), [&](const ConcurrencyError& error) {
    return error.code == code && error.text == text;
  });
}

}  // namespace client
