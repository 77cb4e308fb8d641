#include "net/http/budget.h"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

namespace http {
namespace {

constexpr size_t kMegabyte = size_t{1} << 20;

TEST(Budget, IsNeverTooSmallForTheLargestRequest) {
  LoopBudget::Options options;
  EXPECT_EQ(options.connection_max(), 32 * kMegabyte);
  EXPECT_EQ(options.member_max(), 1024 * kMegabyte);
  options.connection_bytes = options.member_bytes = 1;
  options.largest_request_bytes = 5 * kMegabyte;
  EXPECT_EQ(options.connection_max(), 10 * kMegabyte);
  EXPECT_EQ(options.member_max(), 20 * kMegabyte);
}

TEST(Budget, AnAccountIsFullAtHalfOfItsSizeAndOverAtAllOfIt) {
  SharedBudget member(1024 * kMegabyte);
  LoopBudget loop(&member, 32 * kMegabyte);
  Account account(&loop);
  account.Add(16 * kMegabyte);
  EXPECT_FALSE(account.IsFull());
  EXPECT_EQ(account.RoomUntilFull(), 0u);
  account.Add(1);
  EXPECT_TRUE(account.IsFull());
  EXPECT_FALSE(account.IsOver());
  EXPECT_TRUE(account.Fits(16 * kMegabyte - 1));
  EXPECT_FALSE(account.Fits(16 * kMegabyte));
  account.Add(16 * kMegabyte);
  EXPECT_TRUE(account.IsOver());
  account.Remove(32 * kMegabyte);
  EXPECT_FALSE(account.IsFull());
}

TEST(Budget, LoopsTakeFromTheMemberInStepsAndGiveBack) {
  SharedBudget member(1024 * kMegabyte);
  {
    LoopBudget one(&member, 32 * kMegabyte);
    LoopBudget two(&member, 32 * kMegabyte);
    Account a(&one);
    Account b(&two);
    a.Add(1);
    b.Add(1);
    EXPECT_EQ(member.used(), 2 * LoopBudget::kStepBytes);
    for (int i = 0; i < 1000; ++i) {
      a.Add(1000);
      EXPECT_EQ(member.used(), 2 * LoopBudget::kStepBytes);
      a.Remove(1000);
    }
    a.Add(100 * kMegabyte);
    EXPECT_GE(member.used(), 101 * kMegabyte);
    a.Remove(100 * kMegabyte);
    EXPECT_EQ(member.used(), 2 * LoopBudget::kStepBytes);
    EXPECT_EQ(one.used(), 1u);
  }
  EXPECT_EQ(member.used(), 0u);
}

TEST(Budget, WhenTheMemberRunsShortWhoHoldsMuchIsStoppedAndOthersGoOn) {
  SharedBudget member(64 * kMegabyte);
  LoopBudget loop(&member, 32 * kMegabyte);
  std::vector<std::unique_ptr<Account>> greedy;
  for (int i = 0; i < 10; ++i) {
    greedy.push_back(std::make_unique<Account>(&loop));
    while (!greedy.back()->IsOver()) greedy.back()->Add(16 * 1024);
  }
  EXPECT_LT(member.used(), member.max());
  Account honest(&loop);
  honest.Add(50 * 1024);
  EXPECT_FALSE(honest.IsFull());
  EXPECT_TRUE(greedy.front()->IsOver());
}

TEST(Budget, WithoutAMemberNothingIsBounded) {
  LoopBudget loop(nullptr, std::numeric_limits<size_t>::max());
  Account account(&loop);
  account.Add(size_t{1} << 40);
  EXPECT_FALSE(account.IsFull());
  EXPECT_FALSE(account.IsOver());
}

TEST(Budget, AShareBoundsWhatItsConnectionsHoldTogether) {
  SharedBudget member(1024 * kMegabyte);
  LoopBudget loop(&member, 32 * kMegabyte);
  const auto share = std::make_shared<SharedBudget>(2 * kMegabyte);
  {
    Account one(&loop);
    Account two(&loop);
    one.Add(kMegabyte);
    one.CountTo(share);
    two.CountTo(share);
    EXPECT_EQ(share->used(), kMegabyte);
    two.Add(kMegabyte / 2);
    EXPECT_TRUE(two.Fits(kMegabyte / 2));
    EXPECT_FALSE(two.Fits(kMegabyte / 2 + 1));
    EXPECT_TRUE(two.FitsAnswer(kMegabyte / 2, /*is_only=*/true));
    EXPECT_FALSE(two.FitsAnswer(kMegabyte, /*is_only=*/true));
    EXPECT_FALSE(two.IsFull());
    two.Add(kMegabyte);
    EXPECT_FALSE(one.Fits(1)) << "what the other one holds is gone";
    EXPECT_TRUE(one.IsShareSpent());
    one.CountTo(nullptr);
    EXPECT_FALSE(one.Fits(1)) << "somebody else answers for what it holds";
    one.Remove(kMegabyte - Account::kAlwaysBytes);
    one.CountTo(nullptr);
    EXPECT_FALSE(one.IsShareSpent());
    EXPECT_TRUE(one.Fits(kMegabyte));
    EXPECT_EQ(share->used(), 3 * kMegabyte / 2);
    one.CountTo(share);
    share->Lift();
    EXPECT_TRUE(one.Fits(kMegabyte));
  }
  EXPECT_EQ(share->used(), 0u);
}

}  // namespace
}  // namespace http
