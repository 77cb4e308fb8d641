#include "sim/auth_facts.h"

#include <gtest/gtest.h>

namespace sim {
namespace {

using runtime::TimePoint;

TimePoint At(int64_t count) {
  return TimePoint(runtime::Duration(count));
}

// Asked for at 10, told at 20; asked to end at 30, told at 40.
Spell WholeSpell() {
  return {At(10), At(20), At(30), At(40)};
}

TEST(SpellTest, MayLastFromWhenItIsAskedForUntilSomebodyIsToldThatItIsOver) {
  const Spell spell = WholeSpell();
  EXPECT_FALSE(spell.MayLast(At(0), At(9)));
  EXPECT_TRUE(spell.MayLast(At(0), At(10)));
  EXPECT_TRUE(spell.MayLast(At(39), At(50)));
  EXPECT_FALSE(spell.MayLast(At(40), At(50)));
}

TEST(SpellTest, MustLastFromWhenSomebodyIsToldUntilItIsAskedToEnd) {
  const Spell spell = WholeSpell();
  EXPECT_FALSE(spell.MustLast(At(19), At(25)));
  EXPECT_TRUE(spell.MustLast(At(20), At(29)));
  EXPECT_FALSE(spell.MustLast(At(20), At(30)));
}

TEST(SpellTest, WhatWasNeverToldMayBeginAndEndAtAnyTime) {
  Spell spell;
  spell.asked = At(10);
  EXPECT_TRUE(spell.MayLast(At(1000), At(2000)));
  EXPECT_FALSE(spell.MustLast(At(1000), At(2000)));
}

AuthFacts::Grant GrantOf(KeyPart part, authpb::Permission::Type type) {
  AuthFacts::Grant grant;
  grant.user = "user";
  grant.part = part;
  grant.type = type;
  grant.spell = WholeSpell();
  return grant;
}

Needs Reading(KeyPart part) {
  return {.read = part.places()};
}

TEST(AuthFactsTest, RangesAreAllowedByWhatCoversThemTogether) {
  AuthFacts facts;
  facts.grants = {GrantOf({0, 2}, authpb::Permission::READ),
                  GrantOf({2, 1}, authpb::Permission::READWRITE),
                  GrantOf({3, 0}, authpb::Permission::READ)};
  const auto allows = [&facts](KeyPart part) {
    const bool must = facts.MustAllow("user", Reading(part), At(20), At(25));
    EXPECT_EQ(facts.MayAllow("user", Reading(part), At(20), At(25)), must);
    return must;
  };
  EXPECT_TRUE(allows({0, 3}));
  EXPECT_TRUE(allows({3, 0}));
  // A key is not all that lies before the next.
  EXPECT_FALSE(allows({0, 4}));
  EXPECT_FALSE(allows({4, 0}));
}

TEST(AuthFactsTest, ReadingAndWritingAreAllowedApart) {
  AuthFacts facts;
  facts.grants = {GrantOf({0, 0}, authpb::Permission::WRITE)};
  const uint32_t key = KeyPart{0, 0}.places();
  EXPECT_TRUE(facts.MustAllow("user", {.written = key}, At(20), At(25)));
  EXPECT_FALSE(facts.MayAllow("user", {.read = key}, At(20), At(25)));
  EXPECT_FALSE(facts.MayAllow("another", {.written = key}, At(20), At(25)));
}

TEST(AuthFactsTest, WhatWasToldBeforeAUserWasDeletedIsOver) {
  AuthFacts facts;
  facts.grants = {GrantOf({0, 0}, authpb::Permission::READ),
                  GrantOf({1, 0}, authpb::Permission::READ)};
  for (AuthFacts::Grant& grant : facts.grants) grant.spell = {.asked = At(10), .told = At(20)};
  // It may have been given to one of the same name, afterwards.
  facts.grants[1].spell.told = At(35);
  facts.OnDeleting("user", At(30));
  facts.OnDeleted("user", At(30), At(40));
  EXPECT_FALSE(facts.MayAllow("user", Reading({0, 0}), At(40), At(50)));
  EXPECT_TRUE(facts.MayAllow("user", Reading({1, 0}), At(40), At(50)));
  EXPECT_FALSE(facts.MustAllow("user", Reading({1, 0}), At(40), At(50)));
}

TEST(AuthFactsTest, ATokenCountsUntilItsPasswordIsOverOrAuthenticationDisabled) {
  AuthFacts facts;
  facts.passwords = {{"user", "password", {At(10), At(20)}}};
  const AuthFacts::Token token{"token", 0, At(25)};
  EXPECT_TRUE(facts.MayCount(token, At(100)));
  facts.OnDisabled(At(24));
  EXPECT_TRUE(facts.MayCount(token, At(100)));
  facts.OnDisabled(At(26));
  EXPECT_FALSE(facts.MayCount(token, At(100)));
  const AuthFacts::Token later{"later", 0, At(50)};
  EXPECT_TRUE(facts.MayCount(later, At(100)));
  facts.passwords[0].spell.End(At(60));
  EXPECT_TRUE(facts.MayCount(later, At(59)));
  EXPECT_FALSE(facts.MayCount(later, At(60)));
}

TEST(AuthFactsTest, AuthenticationIsEnabledFromWhenSomebodyIsToldUntilItIsAskedToEnd) {
  AuthFacts facts;
  EXPECT_FALSE(facts.IsEnabledSince(At(100)));
  facts.OnEnabled(At(20));
  EXPECT_FALSE(facts.IsEnabledSince(At(19)));
  EXPECT_TRUE(facts.IsEnabledSince(At(20)));
  facts.OnDisabling();
  EXPECT_FALSE(facts.IsEnabledSince(At(20)));
}

}  // namespace
}  // namespace sim
