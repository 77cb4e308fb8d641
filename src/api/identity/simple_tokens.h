#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "api/identity/chance.h"
#include "api/identity/recent_table.h"
#include "api/identity/token_provider.h"
#include "observe/log.h"
#include "runtime/time.h"
#include "state/auth/observer.h"

namespace identity {

// Tokens that are a secret: sixteen letters, a dot, and the index of the entry before the one with
// which the user has logged in. Every member learns of them from that entry; none is kept on a
// disk. A token counts until it was not used at this member for the time that it is given.
//
// The table is bounded in bytes. When it is full, those go that are nearest to their end. A look
// takes a short lock that one of sixteen tokens shares. The observer's methods, those of the apply
// loop, do not go through the tokens: what counts no more is passed over, and leaves its place to
// those that come.
class SimpleTokens final : public TokenProvider, public auth::Observer {
 public:
  struct Options {
    runtime::Duration ttl = std::chrono::seconds(300);
    // Of tokens, the names of their users, and what it takes to find them.
    size_t bytes_max = size_t{32} << 20;
    Chance chance = SystemChance;
  };
  // `clock` and `logger` outlive this.
  SimpleTokens(Options options, const runtime::Clock* clock, const observe::Logger* logger);

  std::string NewPrefix() override;
  // Never called: tokens are not signed.
  base::Result<std::string> Sign(const std::string& user, uint64_t revision) override;
  base::Index NeededEntry(std::string_view token) const override;
  base::Result<auth::Identity> Identify(std::string_view token, uint64_t revision) override;
  auth::Observer* observer() override { return this; }

  void OnToken(const std::string& user, const std::string& token) override;
  void OnUserChanged(const std::string& user) override;
  void OnAllChanged() override;

 private:
  // A user whose tokens count, until he is changed; all of them share it.
  struct User {
    explicit User(std::string user) : name(std::move(user)) {}
    const std::string name;
    std::atomic<bool> counts = true;
  };
  struct Token {
    std::shared_ptr<const User> user;
    runtime::TimePoint end;
  };

  bool IsOver(const Token& token, runtime::TimePoint now) const;
  static void End(const std::weak_ptr<User>& user);
  std::shared_ptr<const User> FindOrAdd(const std::string& name);
  void ForgetUsersWithoutTokens();

  const Options options_;
  const runtime::Clock& clock_;
  const observe::Logger& logger_;
  RecentTable<Token> tokens_;
  // Those with tokens, and others that have none any more; of the apply loop.
  std::map<std::string, std::weak_ptr<User>> users_;
  size_t users_max_ = 0;  // when those without tokens are looked for
};

}  // namespace identity
