#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "api/identity/jwt.h"
#include "api/identity/jwt_key.h"
#include "api/identity/recent_table.h"
#include "api/identity/token_options.h"
#include "api/identity/token_provider.h"
#include "observe/log.h"
#include "runtime/disk.h"
#include "runtime/published.h"
#include "runtime/time.h"

namespace identity {

// Tokens that say themselves whose they are, and are signed. They count at every member that has
// the key, until they expire; nothing can take one back but another key.
//
// A token whose signature was right is remembered by its hash, with what it says, for as long as
// the key is the same; so its requests do not pay for the signature each time.
class JwtTokens final : public TokenProvider {
 public:
  // Of tokens that are remembered. Those that were not used for longest go first.
  static constexpr size_t kRememberedBytesMax = size_t{8} << 20;

  // Reads the key files. kInvalidArgument, naming it, for one that cannot be read or is empty;
  // otherwise as JwtKey::Parse fails. All of `environment` outlives this.
  static base::Result<std::unique_ptr<JwtTokens>> Open(const JwtOptions& options,
                                                       const TokenEnvironment& environment);

  std::string NewPrefix() override { return {}; }
  base::Result<std::string> Sign(const std::string& user, uint64_t revision) override;
  base::Index NeededEntry(std::string_view) const override { return {}; }
  base::Result<auth::Identity> Identify(std::string_view token, uint64_t revision) override;
  void Refresh() override;

 private:
  // A key, and what was verified with it.
  struct Keyed {
    explicit Keyed(JwtKey parsed) : key(std::move(parsed)) {}
    const JwtKey key;
    RecentTable<JwtClaims> verified{kRememberedBytesMax};
  };

  JwtTokens(const JwtOptions& options, const TokenEnvironment& environment)
      : options_(options), environment_(environment) {}

  base::Status ReadIfNamed(const std::string& path, base::Bytes* out) const;
  base::Status Load();
  base::Result<JwtClaims> Verified(std::string_view token, runtime::WallTime now) const;

  const JwtOptions options_;
  const TokenEnvironment environment_;
  runtime::Published<Keyed> keyed_;
  // Of whoever refreshes.
  base::Bytes files_digest_;  // of the files of the key that is in use
  std::string problem_;       // with the files, at the last Refresh
  bool problem_told_ = false;
};

}  // namespace identity
