#pragma once

#include <etcd/status.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

// How locks and elections fail by themselves. Compat: the texts are those of clientv3's package
// concurrency, but for the last, which it does not have.

namespace client {

struct ConcurrencyError {
  etcd::Code code;
  std::string_view text;

  operator etcd::Status() const { return etcd::Status(code, std::string(text)); }
};

inline constexpr std::array<ConcurrencyError, 6> kConcurrencyErrors = {{
    {etcd::Code::kFailedPrecondition, "mutex: Locked by another session"},
    {etcd::Code::kAborted, "mutex: session is expired"},
    {etcd::Code::kFailedPrecondition, "mutex: lock has already been released"},
    {etcd::Code::kFailedPrecondition, "election: not leader"},
    {etcd::Code::kNotFound, "election: no leader"},
    {etcd::Code::kAborted, "election: session is expired"},
}};
inline constexpr const ConcurrencyError& kLocked = kConcurrencyErrors[0];
inline constexpr const ConcurrencyError& kMutexExpired = kConcurrencyErrors[1];
inline constexpr const ConcurrencyError& kLockReleased = kConcurrencyErrors[2];
inline constexpr const ConcurrencyError& kNotLeading = kConcurrencyErrors[3];
inline constexpr const ConcurrencyError& kNobodyLeads = kConcurrencyErrors[4];
inline constexpr const ConcurrencyError& kElectionExpired = kConcurrencyErrors[5];

inline bool IsConcurrencyError(std::string_view text) {
  return std::any_of(kConcurrencyErrors.begin(), kConcurrencyErrors.end(),
                     [text](const ConcurrencyError& error) { return error.text == text; });
}

}  // namespace client
