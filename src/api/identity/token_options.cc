#include "api/identity/token_options.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/duration_text.h"
#include "base/go_text.h"

namespace identity {
namespace {

constexpr std::string_view kMethod = "sign-method";
constexpr std::string_view kPublicKey = "pub-key";
constexpr std::string_view kPrivateKey = "priv-key";
constexpr std::string_view kTtl = "ttl";
constexpr std::array kJwtOptions = {kMethod, kPublicKey, kPrivateKey, kTtl};

// Empty if it is not given.
std::string ValueOf(const TokenOptions& options, std::string_view name) {
  const auto found = options.values.find(std::string(name));
  return found == options.values.end() ? std::string() : found->second;
}

}  // namespace

base::Result<TokenOptions> ParseTokenOptions(std::string_view text, const observe::Logger& logger) {
  const std::vector<std::string> parts = base::Split(text, ',');
  TokenOptions options;
  options.kind = parts[0];
  for (size_t i = 1; i < parts.size(); ++i) {
    const std::vector<std::string> pair = base::Split(parts[i], '=');
    if (pair.size() != 2) {
      logger.Error("invalid token option", {{"option", text}});
      return kInvalidAuthOptions;
    }
    if (!options.values.emplace(pair[0], pair[1]).second) {
      logger.Error("invalid token option", {{"option", text}, {"duplicate-parameter", pair[0]}});
      return kInvalidAuthOptions;
    }
  }
  return options;
}

base::Result<JwtOptions> ParseJwtOptions(const TokenOptions& options) {
  JwtOptions jwt;
  if (const std::string ttl = ValueOf(options, kTtl); !ttl.empty()) {
    ASSIGN_OR_RETURN(jwt.ttl, base::ParseDuration(ttl));
    if (jwt.ttl <= runtime::Duration::zero()) {
      return base::Status(base::Code::kInvalidArgument, "auth: tokens without a lifetime");
    }
  }
  jwt.public_key_file = ValueOf(options, kPublicKey);
  jwt.private_key_file = ValueOf(options, kPrivateKey);
  const auto method = ParseJwtMethod(ValueOf(options, kMethod));
  if (!method) {
    return base::Status(base::Code::kInvalidArgument, "auth: invalid auth signature method");
  }
  jwt.method = *method;
  return jwt;
}

std::vector<std::string> UnknownJwtOptions(const TokenOptions& options) {
  std::vector<std::string> unknown;
  for (const auto& [name, value] : options.values) {
    const bool is_known =
        std::find(kJwtOptions.begin(), kJwtOptions.end(), name) != kJwtOptions.end();
    if (!is_known) unknown.push_back(name);
  }
  return unknown;
}

}  // namespace identity
