#include "base/coverage_mark.h"

#include <gtest/gtest.h>

#include <optional>

namespace base {
namespace {

std::optional<uint64_t> CountOf(std::string_view name) {
  for (const ReachedMark& mark : ReachedMarks()) {
    if (mark.name == name) return mark.count;
  }
  return std::nullopt;
}

// Never called.
[[maybe_unused]] void GoWhereNobodyGoes() {
  Mark<"test: nobody comes here">();
}

TEST(CoverageMarkTest, CountsHowOftenAPlaceWasReached) {
  for (int i = 0; i < 3; ++i) Mark<"test: a loop">();
  EXPECT_EQ(CountOf("test: a loop"), 3u);
}

TEST(CoverageMarkTest, OneNameIsOneMarkWhereverItIs) {
  Mark<"test: two places">();
  Mark<"test: two places">();
  EXPECT_EQ(CountOf("test: two places"), 2u);
}

TEST(CoverageMarkTest, APlaceThatNobodyReachesIsListedToo) {
  EXPECT_EQ(CountOf("test: nobody comes here"), 0u);
  EXPECT_EQ(CountOf("test: no such mark"), std::nullopt);
}

TEST(CoverageMarkTest, MarksAreListedByName) {
  const std::vector<ReachedMark> marks = ReachedMarks();
  EXPECT_TRUE(std::is_sorted(marks.begin(), marks.end(),
                             [](const auto& a, const auto& b) { return a.name < b.name; }));
}

}  // namespace
}  // namespace base
