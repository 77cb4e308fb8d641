#include "api/identity/token_provider.h"

#include <algorithm>
#include <utility>

#include "api/identity/digest.h"
#include "api/identity/jwt_tokens.h"
#include "api/identity/simple_tokens.h"
#include "api/identity/token_options.h"
#include "base/errors.h"

namespace identity {
namespace {

// Compat: with an empty kind etcd gives out no tokens, whoever asks, and knows none.
class NoTokens final : public TokenProvider {
 public:
  explicit NoTokens(const observe::Logger* logger) : logger_(*logger) {}

  std::string NewPrefix() override { return {}; }
  base::Result<std::string> Sign(const std::string&, uint64_t) override {
    return base::errors::kAuthFailed;
  }
  base::Index NeededEntry(std::string_view) const override { return {}; }
  base::Result<auth::Identity> Identify(std::string_view token, uint64_t) override {
    logger_.Warn("invalid auth token", {{"token-fingerprint", TokenFingerprint(token)}});
    return base::errors::kInvalidAuthToken;
  }

 private:
  const observe::Logger& logger_;
};

using Provider = std::unique_ptr<TokenProvider>;

Provider NewSimple(const TokenConfig& config, const TokenEnvironment& environment) {
  environment.logger->Warn("simple token is not cryptographically signed");
  SimpleTokens::Options options;
  constexpr auto kTtlMax = std::chrono::duration_cast<std::chrono::seconds>(
      std::chrono::hours(24 * 365 * 100));  // so that the end of one can be counted
  if (config.ttl > std::chrono::seconds::zero()) options.ttl = std::min(config.ttl, kTtlMax);
  return std::make_unique<SimpleTokens>(std::move(options), environment.clock, environment.logger);
}

base::Result<Provider> OpenJwt(const TokenOptions& options, const TokenEnvironment& environment) {
  const auto problem = [&](const base::Status& status) -> base::Status {
    environment.logger->Error("problem loading JWT options", {{"error", status.message()}});
    return kInvalidAuthOptions;
  };
  const auto method = options.values.find("sign-method");
  if (method != options.values.end() && method->second == "none") {
    return base::Status(base::Code::kInvalidArgument,
                        "unsupported signing method: *jwt.signingMethodNone");
  }
  const base::Result<JwtOptions> jwt = ParseJwtOptions(options);
  if (!jwt.ok()) return problem(jwt.status());
  auto tokens = JwtTokens::Open(*jwt, environment);
  if (!tokens.ok()) {
    // The files' problem, or that of the keys in them.
    const bool is_of_files = tokens.status().code() == base::Code::kInvalidArgument;
    return is_of_files ? problem(tokens.status()) : tokens.status();
  }
  const std::vector<std::string> unknown = UnknownJwtOptions(options);
  if (!unknown.empty()) environment.logger->Warn("unknown JWT options", {{"keys", unknown}});
  return Provider(*std::move(tokens));
}

base::Result<Provider> New(const TokenConfig& config, const TokenEnvironment& environment) {
  ASSIGN_OR_RETURN(const TokenOptions options,
                   ParseTokenOptions(config.auth_token, *environment.logger));
  if (options.kind == "simple") return NewSimple(config, environment);
  if (options.kind == "jwt") return OpenJwt(options, environment);
  if (options.kind.empty()) return Provider(std::make_unique<NoTokens>(environment.logger));
  environment.logger->Warn("unknown token type",
                           {{"type", options.kind}, {"error", kInvalidAuthOptions.text}});
  return kInvalidAuthOptions;
}

}  // namespace

base::Result<Provider> NewTokenProvider(const TokenConfig& config,
                                        const TokenEnvironment& environment) {
  base::Result<Provider> provider = New(config, environment);
  if (!provider.ok()) {
    environment.logger->Warn("failed to create token provider",
                             {{"error", provider.status().message()}});
  }
  return provider;
}

}  // namespace identity
