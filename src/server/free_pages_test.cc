#include "server/free_pages.h"

#include <gtest/gtest.h>

#include <string>

#include "server/testing/simulated_member.h"

namespace server {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

class FreePagesTest : public ::testing::Test {
 protected:
  void Start(bool auto_defragment) {
    member_.options.auto_defragment = auto_defragment;
    // Days pass here.
    member_.options.heartbeat_interval = std::chrono::seconds(10);
    member_.options.election_timeout = std::chrono::seconds(100);
    member_.faults.sizes = [this] { return sizes_; };
    member_.faults.on_defragment = [this] {
      ++runs_;
      return base::Status();
    };
    ASSERT_TRUE(member_.Start().ok());
    ASSERT_TRUE(member_.RunUntil([&] { return member_.ready(); }));
  }
  size_t Warnings() {
    size_t count = 0;
    for (const std::string& line : member_.LogLines()) {
      if (line.find("mostly free pages") != line.npos) ++count;
    }
    return count;
  }

  static constexpr uint64_t kMiB = uint64_t{1} << 20;
  static constexpr backend::Sizes kMostlyFree{.allocated = 201 * kMiB, .in_use = 100 * kMiB};
  static constexpr backend::Sizes kHalfFree{.allocated = 200 * kMiB, .in_use = 100 * kMiB};
  static constexpr backend::Sizes kSmall{.allocated = 100 * kMiB, .in_use = kMiB};

  SimulatedMember member_{1};
  backend::Sizes sizes_ = kMostlyFree;
  int runs_ = 0;
};

TEST_F(FreePagesTest, ADatabaseThatIsMostlyFreeIsToldOnceADay) {
  Start(/*auto_defragment=*/false);
  member_.RunFor(minutes(2));
  EXPECT_EQ(Warnings(), 1u);
  member_.RunFor(hours(23));
  EXPECT_EQ(Warnings(), 1u);
  member_.RunFor(hours(2));
  EXPECT_EQ(Warnings(), 2u);
  EXPECT_EQ(runs_, 0);
}

TEST_F(FreePagesTest, OthersAreNotTold) {
  sizes_ = kHalfFree;
  Start(/*auto_defragment=*/false);
  member_.RunFor(hours(1));
  sizes_ = kSmall;
  member_.RunFor(hours(1));
  EXPECT_EQ(Warnings(), 0u);
}

TEST_F(FreePagesTest, OneThatShallIsDefragmentedOnceAnHour) {
  Start(/*auto_defragment=*/true);
  member_.RunFor(minutes(11));
  EXPECT_EQ(runs_, 1);
  member_.RunFor(minutes(48));
  EXPECT_EQ(runs_, 1);
  // It did not help.
  member_.RunFor(minutes(25));
  EXPECT_EQ(runs_, 2);
  sizes_ = kHalfFree;
  member_.RunFor(hours(5));
  EXPECT_EQ(runs_, 2);
  EXPECT_EQ(Warnings(), 0u);
}

}  // namespace
}  // namespace server
