// Any bytes as a token: one that nobody was given is nobody's. The first byte says what becomes of
// the rest before: it is given to a user, who is changed, or who is forgotten with all others.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "api/identity/simple_tokens.h"
#include "base/check.h"
#include "runtime/posix/clock.h"

namespace {

class NoSink final : public observe::LogSink {
 public:
  void Write(std::string_view) override {}
  void Flush() override {}
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  constexpr uint64_t kRevision = 5;
  if (size == 0) return 0;
  const std::string token(reinterpret_cast<const char*>(data) + 1, size - 1);
  const runtime::posix::Clock clock;
  NoSink sink;
  const observe::Logger logger(&clock, &sink, {});
  identity::SimpleTokens tokens({}, &clock, &logger);
  tokens.OnToken("other", "aaaaaaaaaaaaaaaa.1");
  const bool is_given = (data[0] & 1) != 0;
  const bool is_changed = (data[0] & 2) != 0;
  const bool all_end = (data[0] & 4) != 0;
  if (is_given) tokens.OnToken("user", token);
  if (is_changed) tokens.OnUserChanged("user");
  if (all_end) tokens.OnAllChanged();
  const base::Index needed = tokens.NeededEntry(token);
  const auto who = tokens.Identify(token, kRevision);
  const bool is_others = token == "aaaaaaaaaaaaaaaa.1" && !is_given && !all_end;
  CHECK(who.ok() == (is_others || (is_given && !is_changed && !all_end)));
  // What says that an entry is needed has one dot and ends in the number of the one before.
  if (needed != base::Index()) {
    CHECK(token.find('.') == token.rfind('.'));
    const bool is_last = token.ends_with(std::to_string(UINT64_MAX));
    CHECK(token.ends_with(std::to_string(needed.value() - (is_last ? 0 : 1))));
  }
  return 0;
}
