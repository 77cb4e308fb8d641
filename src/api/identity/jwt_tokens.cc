#include "api/identity/jwt_tokens.h"

#include <optional>
#include <utility>

#include "api/identity/digest.h"
#include "api/identity/secret.h"
#include "base/errors.h"

namespace identity {
namespace {

constexpr int64_t kNanosOfASecond = 1'000'000'000;

// In whole seconds. Why in two parts: a ttl of three centuries is allowed, and their sum in
// nanoseconds would not fit.
int64_t SecondsAfter(runtime::WallTime now, runtime::Duration ttl) {
  const int64_t seconds = now.unix_nanos / kNanosOfASecond + ttl.count() / kNanosOfASecond;
  const int64_t rest = now.unix_nanos % kNanosOfASecond + ttl.count() % kNanosOfASecond;
  if (rest < 0) return seconds - 1;
  return rest >= kNanosOfASecond ? seconds + 1 : seconds;
}

}  // namespace

base::Result<std::unique_ptr<JwtTokens>> JwtTokens::Open(const JwtOptions& options,
                                                         const TokenEnvironment& environment) {
  std::unique_ptr<JwtTokens> tokens(new JwtTokens(options, environment));
  RETURN_IF_ERROR(tokens->Load());
  return tokens;
}

base::Status JwtTokens::ReadIfNamed(const std::string& path, base::Bytes* out) const {
  if (path.empty()) return {};
  base::Result<base::Bytes> file = runtime::ReadFile(*environment_.disk, path);
  if (!file.ok()) {
    return {base::Code::kInvalidArgument, "open " + std::string(file.status().message())};
  }
  // One that is just being written: without the private half nobody could log in.
  if (file->empty()) return {base::Code::kInvalidArgument, path + ": is empty"};
  *out = *std::move(file);
  return {};
}

base::Status JwtTokens::Load() {
  JwtKey::Files files;
  RETURN_IF_ERROR(ReadIfNamed(options_.public_key_file, &files.public_key));
  RETURN_IF_ERROR(ReadIfNamed(options_.private_key_file, &files.private_key));
  const base::Bytes digest = KeyedDigest("", {files.public_key, files.private_key});
  if (digest == files_digest_) {
    Wipe(files.private_key);
    return {};
  }
  base::Result<JwtKey> key = JwtKey::Parse(options_.method, files);
  Wipe(files.private_key);
  if (!key.ok()) return key.status();
  files_digest_ = digest;
  keyed_.Set(std::make_shared<Keyed>(*std::move(key)));
  return {};
}

void JwtTokens::Refresh() {
  const base::Status status = Load();
  const std::string problem(status.message());
  if (problem != problem_) {
    problem_ = problem;
    problem_told_ = false;
  } else if (!status.ok() && !std::exchange(problem_told_, true)) {
    // It was the same two times: the files are not just being written.
    environment_.logger->Warn("the key files of tokens cannot be used; the old keys stay in use",
                              {{"error", problem}});
  }
}

base::Result<std::string> JwtTokens::Sign(const std::string& user, uint64_t revision) {
  const int64_t expires = SecondsAfter(environment_.clock->WallNow(), options_.ttl);
  return SignJwt(keyed_.Get()->key, {.user = user, .revision = revision, .expires = expires});
}

base::Result<JwtClaims> JwtTokens::Verified(std::string_view token, runtime::WallTime now) const {
  const std::shared_ptr<Keyed> keyed = keyed_.Get();
  // A longer one is refused before anything is done for it.
  if (token.size() > kJwtBytesMax) return VerifyJwt(keyed->key, token);
  const base::Bytes digest = Sha256(token);
  std::optional<JwtClaims> known;
  const auto copy = [&](const JwtClaims& claims) {
    known = claims;
    return CheckTimes(claims, now).ok();
  };
  if (keyed->verified.Find(digest, copy)) return *std::move(known);
  if (known) return CheckTimes(*known, now);
  ASSIGN_OR_RETURN(JwtClaims claims, VerifyJwt(keyed->key, token));
  RETURN_IF_ERROR(CheckTimes(claims, now));
  keyed->verified.Put(digest, claims, claims.user.size(),
                      [&](const JwtClaims& oldest) { return !CheckTimes(oldest, now).ok(); });
  return claims;
}

base::Result<auth::Identity> JwtTokens::Identify(std::string_view token, uint64_t) {
  base::Result<JwtClaims> claims = Verified(token, environment_.clock->WallNow());
  if (!claims.ok()) {
    environment_.logger->Warn("failed to parse a JWT token",
                              {{"error", claims.status().message()}});
    environment_.logger->Warn("invalid auth token",
                              {{"token-fingerprint", TokenFingerprint(token)}});
    return base::errors::kInvalidAuthToken;
  }
  return auth::Identity{std::move(claims->user), claims->revision};
}

}  // namespace identity
