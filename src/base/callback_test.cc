#include "base/callback.h"

#include <gtest/gtest.h>

#include <array>
#include <memory>

#include "base/ids.h"

namespace base {
namespace {

static_assert(!std::is_convertible_v<Term, Index>);
static_assert(!std::is_convertible_v<uint64_t, Term>);
static_assert(Index(4) - Index(1) == 3);

TEST(CallbackTest, OwnsWhatItCaptures) {
  auto owned = std::make_shared<int>(41);
  const std::weak_ptr<int> watch = owned;
  Callback<int(int)> add = [owned = std::move(owned)](int n) { return *owned + n; };
  Callback<int(int)> moved = std::move(add);
  EXPECT_FALSE(add);  // NOLINT(bugprone-use-after-move)
  EXPECT_EQ(moved(1), 42);
  moved = nullptr;
  EXPECT_TRUE(watch.expired());
}

TEST(CallbackTest, HoldsLargeCapturesToo) {
  std::array<int, 100> numbers{};
  numbers[99] = 7;
  auto owned = std::make_unique<int>(1);
  Callback<int()> call = [numbers, owned = std::move(owned)] { return numbers[99] + *owned; };
  Callback<int()> moved = std::move(call);
  EXPECT_EQ(moved(), 8);
}

TEST(CallbackTest, PassesReferencesAndMoveOnlyArguments) {
  int sum = 0;
  Callback<void(int&, std::unique_ptr<int>)> add = [](int& into, std::unique_ptr<int> value) {
    into += *value;
  };
  add(sum, std::make_unique<int>(5));
  EXPECT_EQ(sum, 5);
}

TEST(CallbackDeathTest, AnEmptyOneMayNotBeCalled) {
  Callback<void()> empty;
  EXPECT_DEATH(empty(), "check failed");
}

}  // namespace
}  // namespace base
