#pragma once

#include <cstddef>
#include <cstdint>

#include "base/status.h"
#include "runtime/random.h"
#include "runtime/time.h"

// When a call that failed is tried again, and after what wait: clientv3's rules (retry.go,
// retry_interceptor.go), with two deviations on the safe side. clientv3 tries a write again that a
// member ended with Canceled or DeadlineExceeded of its own; whether it was done is not known then,
// so we do not. And it logs in again as often as a call is tried when the new token is refused as
// invalid, too; each log-in costs the member a bcrypt, so that is the end of the call here.

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

// How long to wait before attempt number `attempt` (the first try is 0): nothing while a majority
// of the endpoints has not been asked since the last wait.
struct RetryWait {
  runtime::Duration wait;
  uint32_t jitter_percent;

  runtime::Duration Before(size_t attempt, size_t endpoints, runtime::Random* random) const;
};

}  // namespace client
