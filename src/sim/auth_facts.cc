#include "sim/auth_facts.h"

#include <algorithm>

namespace sim {
namespace {

std::string KeyOf(uint64_t number) {
  return "keys" + std::to_string(number);
}

void Add(Needs* allowed, const AuthFacts::Grant& grant) {
  if (grant.type != authpb::Permission::WRITE) allowed->read |= grant.part.places();
  if (grant.type != authpb::Permission::READ) allowed->written |= grant.part.places();
}

bool Covers(const Needs& allowed, const Needs& needs) {
  return (needs.read & ~allowed.read) == 0 && (needs.written & ~allowed.written) == 0;
}

}  // namespace

std::string KeyPart::key() const {
  return KeyOf(first);
}

std::string KeyPart::range_end() const {
  return count == 0 ? std::string() : KeyOf(first + count);
}

uint32_t KeyPart::places() const {
  const uint32_t from_zero = count == 0 ? 1 : (uint32_t{1} << (2 * count)) - 1;
  return from_zero << (2 * first);
}

void AuthFacts::OnDeleting(const std::string& user, runtime::TimePoint now) {
  for (Password& password : passwords) {
    if (password.user == user) password.spell.ending = std::min(password.spell.ending, now);
  }
  for (Grant& grant : grants) {
    if (grant.user == user) grant.spell.ending = std::min(grant.spell.ending, now);
  }
}

// What was not told before that may have begun after it.
void AuthFacts::OnDeleted(const std::string& user, runtime::TimePoint asked,
                          runtime::TimePoint now) {
  for (Password& password : passwords) {
    if (password.user == user && password.spell.told <= asked) password.spell.End(now);
  }
  for (Grant& grant : grants) {
    if (grant.user == user && grant.spell.told <= asked) grant.spell.End(now);
  }
}

bool AuthFacts::MayAllow(const std::string& user, const Needs& needs, runtime::TimePoint from,
                         runtime::TimePoint to) const {
  Needs allowed;
  for (const Grant& grant : grants) {
    if (grant.user == user && grant.spell.MayLast(from, to)) Add(&allowed, grant);
  }
  return Covers(allowed, needs);
}

bool AuthFacts::MustAllow(const std::string& user, const Needs& needs, runtime::TimePoint from,
                          runtime::TimePoint to) const {
  Needs allowed;
  for (const Grant& grant : grants) {
    if (grant.user == user && grant.spell.MustLast(from, to)) Add(&allowed, grant);
  }
  return Covers(allowed, needs);
}

bool AuthFacts::MayCount(const Token& token, runtime::TimePoint asked) const {
  if (token.text.empty()) return false;
  return passwords[token.password].spell.ended > asked && token.told > disabled_;
}

}  // namespace sim
