#include "api/identity/simple_tokens.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "api/identity/digest.h"
#include "base/check.h"
#include "base/errors.h"

namespace identity {
namespace {

constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
constexpr size_t kPrefixLetters = 16;
// With fewer users nobody looks for those without tokens.
constexpr size_t kUsersMin = 64;

}  // namespace

SimpleTokens::SimpleTokens(Options options, const runtime::Clock* clock,
                           const observe::Logger* logger)
    : options_(std::move(options)),
      clock_(*clock),
      logger_(*logger),
      tokens_(options_.bytes_max),
      users_max_(kUsersMin) {}

std::string SimpleTokens::NewPrefix() {
  // What is above the largest multiple is thrown away, so that all letters are equally likely.
  constexpr size_t kBytesBelow = 256 / kLetters.size() * kLetters.size();
  std::string prefix;
  std::array<uint8_t, 2 * kPrefixLetters> bytes;
  while (prefix.size() < kPrefixLetters) {
    options_.chance(bytes);
    for (const uint8_t byte : bytes) {
      if (byte < kBytesBelow) prefix += kLetters[byte % kLetters.size()];
      if (prefix.size() == kPrefixLetters) break;
    }
  }
  return prefix;
}

base::Result<std::string> SimpleTokens::Sign(const std::string&, uint64_t) {
  CHECK(false);
  return base::errors::kInvalidAuthToken;
}

base::Index SimpleTokens::NeededEntry(std::string_view token) const {
  const size_t dot = token.find('.');
  if (dot == std::string_view::npos) return {};
  const std::string_view digits = token.substr(dot + 1);
  uint64_t index = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), index);
  if (error != std::errc() || end != digits.data() + digits.size()) return {};
  return base::Index(index == UINT64_MAX ? index : index + 1);
}

bool SimpleTokens::IsOver(const Token& token, runtime::TimePoint now) const {
  return token.end <= now || !token.user->counts.load(std::memory_order_acquire);
}

base::Result<auth::Identity> SimpleTokens::Identify(std::string_view token, uint64_t revision) {
  const runtime::TimePoint now = clock_.Now();
  std::shared_ptr<const User> user;
  const bool is_known = tokens_.Find(token, [&](Token& found) {
    if (IsOver(found, now)) return false;
    found.end = now + options_.ttl;
    user = found.user;
    return true;
  });
  if (!is_known) {
    logger_.Warn("invalid auth token", {{"token-fingerprint", TokenFingerprint(token)}});
    return base::errors::kInvalidAuthToken;
  }
  return auth::Identity{user->name, revision};
}

void SimpleTokens::OnToken(const std::string& user, const std::string& token) {
  const runtime::TimePoint now = clock_.Now();
  tokens_.Put(token, Token{FindOrAdd(user), now + options_.ttl}, user.size(),
              [&](const Token& oldest) { return IsOver(oldest, now); });
}

void SimpleTokens::OnUserChanged(const std::string& user) {
  const auto found = users_.find(user);
  if (found == users_.end()) return;
  End(found->second);
  users_.erase(found);
}

void SimpleTokens::OnAllChanged() {
  for (const auto& [name, user] : users_) End(user);
  users_.clear();
}

void SimpleTokens::End(const std::weak_ptr<User>& user) {
  if (const auto known = user.lock()) known->counts.store(false, std::memory_order_release);
}

std::shared_ptr<const SimpleTokens::User> SimpleTokens::FindOrAdd(const std::string& name) {
  std::weak_ptr<User>& known = users_[name];
  std::shared_ptr<User> user = known.lock();
  if (user != nullptr) return user;
  user = std::make_shared<User>(name);
  known = user;
  ForgetUsersWithoutTokens();
  return user;
}

// As seldom as their number doubles.
void SimpleTokens::ForgetUsersWithoutTokens() {
  if (users_.size() < users_max_) return;
  std::erase_if(users_, [](const auto& user) { return user.second.expired(); });
  users_max_ = std::max(kUsersMin, 2 * users_.size());
}

}  // namespace identity
