#include "client/retry_policy.h"

#include <charconv>

#include "base/errors.h"
#include "client/planted.h"

namespace client {

namespace errors = base::errors;
using base::Code;

Remedy ChooseRemedy(const base::Status& status, Repeatable repeatable, size_t endpoints,
                    const Credentials& credentials) {
  if (!credentials.has_token) {
    if (status == errors::kUserEmpty && credentials.has_password) return Remedy::kAuthenticate;
    if (status == errors::kInvalidAuthToken || status == errors::kAuthOldRevision) {
      return credentials.has_password ? Remedy::kAuthenticate : Remedy::kRepeat;
    }
  }
  // Another endpoint may be a voter.
  if (status == errors::kNotSupportedForLearner && endpoints > 1) return Remedy::kRepeat;
  const bool may_be_repeated =
      repeatable == Repeatable::kYes || Planted(PlantedBug::kUnknownWritesAreRepeated);
  if (!may_be_repeated) return Remedy::kNone;
  switch (status.code()) {
    case Code::kUnavailable:
    case Code::kCanceled:          // by the member: our own cancelling is final
    case Code::kDeadlineExceeded:  // the member's
      return Remedy::kRepeat;
    default:
      return Remedy::kNone;
  }
}

RetryAfter ReadRetryAfter(const base::Status& status, base::ByteView trailer) {
  if (status.code() != Code::kResourceExhausted) return std::nullopt;
  uint32_t milliseconds = 0;
  const char* const end = trailer.data() + trailer.size();
  const auto [stop, error] = std::from_chars(trailer.data(), end, milliseconds);
  if (error != std::errc() || stop != end) return std::nullopt;
  return std::chrono::milliseconds(milliseconds);
}

bool MayWait(const RetryAfter& retry_after, Repeatable repeatable, runtime::Duration remaining) {
  return retry_after.has_value() && repeatable == Repeatable::kYes && *retry_after < remaining;
}

runtime::Duration RetryWait::Before(size_t attempt, size_t endpoints,
                                    runtime::Random* random) const {
  const size_t majority = endpoints / 2 + 1;
  if (attempt % majority != 0) return runtime::Duration(0);
  const int64_t span = wait.count() / 100 * jitter_percent;
  if (span == 0) return wait;
  const auto offset = static_cast<int64_t>(random->Below(2 * static_cast<uint64_t>(span) + 1));
  return wait + runtime::Duration(offset - span);
}

}  // namespace client
