#include "client/pending_bytes.h"

#include <gtest/gtest.h>

namespace client {
namespace {

constexpr size_t kCall = PendingBytes::kCallBytes;

TEST(PendingBytesTest, ACallIsLetInOnceOthersHaveMadeRoom) {
  PendingBytes pending(2 * kCall + 100);
  auto first = pending.Take(100);
  auto second = pending.Take(0);
  ASSERT_TRUE(first.has_value() && second.has_value());
  EXPECT_FALSE(pending.Take(0).has_value());
  second.reset();
  EXPECT_FALSE(pending.Take(1).has_value()) << "one that was refused holds nothing";
  EXPECT_TRUE(pending.Take(0).has_value());
}

TEST(PendingBytesTest, OneAloneIsLetInWhateverItHolds) {
  PendingBytes pending(10);
  auto large = pending.Take(1 << 20);
  EXPECT_TRUE(large.has_value());
  EXPECT_FALSE(pending.Take(0).has_value());
}

TEST(PendingBytesTest, AShareMayOutliveTheClientsCount) {
  std::optional<PendingBytes::Share> share;
  {
    PendingBytes pending(10);
    auto taken = pending.Take(1);
    share.emplace(std::move(*taken));
  }
  share.reset();
}

}  // namespace
}  // namespace client
