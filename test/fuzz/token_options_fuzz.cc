// Any bytes as the value of --auth-token, and as a key of each method after its first byte. What is
// read as options can be written down and read again the same.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "api/identity/jwt_key.h"
#include "api/identity/token_options.h"
#include "base/check.h"
#include "runtime/posix/clock.h"

namespace {

class NoSink final : public observe::LogSink {
 public:
  void Write(std::string_view) override {}
  void Flush() override {}
};

void CheckReadBack(const identity::TokenOptions& options, const observe::Logger& logger) {
  std::string text = options.kind;
  for (const auto& [name, value] : options.values) {
    text += ',';
    text += name;
    text += '=';
    text += value;
  }
  const auto again = identity::ParseTokenOptions(text, logger);
  CHECK(again.ok());
  CHECK(again->kind == options.kind && again->values == options.values);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  constexpr uint8_t kMethods = 13;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const runtime::posix::Clock clock;
  NoSink sink;
  const observe::Logger logger(&clock, &sink, {});
  const auto options = identity::ParseTokenOptions(text, logger);
  if (options.ok()) {
    CheckReadBack(*options, logger);
    identity::ParseJwtOptions(*options).status().IgnoreError();
    CHECK(identity::UnknownJwtOptions(*options).size() <= options->values.size());
  }
  if (text.empty()) return 0;
  const auto method = static_cast<identity::JwtMethod>(data[0] % kMethods);
  const std::string key(text.substr(1));
  const auto private_half = identity::JwtKey::Parse(method, {.public_key = "", .private_key = key});
  if (private_half.ok()) private_half->Sign("text").status().IgnoreError();
  const auto public_half = identity::JwtKey::Parse(method, {.public_key = key, .private_key = ""});
  if (public_half.ok()) CHECK(!public_half->Verify("text", "signature"));
  return 0;
}
