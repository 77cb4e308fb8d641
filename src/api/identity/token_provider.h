#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "base/result.h"
#include "observe/log.h"
#include "runtime/disk.h"
#include "runtime/time.h"
#include "state/auth/identity.h"
#include "state/auth/observer.h"

namespace identity {

// Makes the tokens by which users are known after they have logged in, and finds out whose a token
// is. One of a member; any thread.
class TokenProvider {
 public:
  virtual ~TokenProvider() = default;

  // What a new token begins with, by which all members will know it: it goes into the log, with the
  // user's name, and the token is made of it when that entry is applied (auth::Users::LogIn). Empty
  // if tokens are signed instead.
  virtual std::string NewPrefix() = 0;
  // A signed token for a user who has logged in, as users and roles were at `revision`. May take
  // long: on a worker. Only where NewPrefix is empty; kUnknown with etcd's text if this member has
  // no key to sign with.
  virtual base::Result<std::string> Sign(const std::string& user, uint64_t revision) = 0;

  // The entry that this member must have applied before it can know the token; 0 if none. That of a
  // text that is no token is 0, too.
  virtual base::Index NeededEntry(std::string_view token) const = 0;
  // Whose it is; kInvalidAuthToken. `revision` is that of users and roles now: what a token does
  // not say itself is as of now. A warning with the token's fingerprint is logged if it is
  // nobody's.
  virtual base::Result<auth::Identity> Identify(std::string_view token, uint64_t revision) = 0;

  // Who has to learn what entries do to users, for auth::Users::SetObserver; null if nobody.
  virtual auth::Observer* observer() { return nullptr; }
  // Takes up key files that have changed; as long as they cannot be used the old keys stay. To be
  // called every few seconds, by one at a time; blocks on the disk.
  virtual void Refresh() {}
};

struct TokenConfig {
  std::string auth_token = "simple";                     // as --auth-token has it
  std::chrono::seconds ttl = std::chrono::seconds(300);  // of simple tokens; 0 is that, too
};
// All outlive what is made with them.
struct TokenEnvironment {
  const runtime::Clock* clock;
  runtime::Disk* disk;
  const observe::Logger* logger;
};
// The provider that is configured; reads its files. Fails with etcd's text, after etcd's lines in
// the log.
base::Result<std::unique_ptr<TokenProvider>> NewTokenProvider(const TokenConfig& config,
                                                              const TokenEnvironment& environment);

}  // namespace identity
