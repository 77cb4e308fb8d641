#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "base/status.h"
#include "runtime/random.h"
#include "runtime/time.h"

// When a call that failed is tried again, and after what wait: clientv3's rules (retry.go,
// retry_interceptor.go), with two deviations on the safe side. clientv3 tries a write again that a
// member ended with Canceled or DeadlineExceeded of its own; whether it was done is not known then,
// so we do not. And it logs in again as often as a call is tried when the new token is refused as
// invalid, too; each log-in costs the member a bcrypt, so that is the end of the call here. Of
// members that say when to come back clientv3 knows nothing.

namespace client {

// Whether doing it twice is as good as doing it once.
enum class Repeatable : bool { kNo, kYes };

// What to do about a call that failed before it had an answer, within its deadline.
enum class Remedy : uint8_t {
  kNone,
  kRepeat,
  kAuthenticate,  // and repeat
};

struct Credentials {
  bool has_password = false;  // a token can be asked for
  bool has_token = false;     // the user gave one; it cannot be renewed
};

Remedy ChooseRemedy(const base::Status& status, Repeatable repeatable, size_t endpoints,
                    const Credentials& credentials);

// For how long a member wants to be left alone that has refused a call as too early.
using RetryAfter = std::optional<std::chrono::milliseconds>;
// As its trailer says it (base::kComeBackTrailer), which is empty if there is none; nothing if that
// is no such time, or the call failed otherwise.
RetryAfter ReadRetryAfter(const base::Status& status, base::ByteView trailer);
// Whether to wait for that and repeat the call: not if its time, of which so much remains, is over
// by then.
//
// Why not at once at another member, which counts for itself: what is too much for one would become
// too much for each. Why no writes: how often they are worth repeating, their caller knows.
bool MayWait(const RetryAfter& retry_after, Repeatable repeatable, runtime::Duration remaining);

// How long to wait before attempt number `attempt` (the first try is 0): nothing while a majority
// of the endpoints has not been asked since the last wait.
struct RetryWait {
  runtime::Duration wait;
  uint32_t jitter_percent;

  runtime::Duration Before(size_t attempt, size_t endpoints, runtime::Random* random) const;
};

}  // namespace client
