#include "api/v3/usage_call.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "api/v3/testing/requests.h"
#include "api/v3/testing/served_member.h"
#include "base/errors.h"

namespace v3 {
namespace {

using std::chrono::seconds;

constexpr testing::Method<usagepb::UsageRequest, usagepb::UsageResponse> kUsage{
    "/test.Reads/Usage"};

// Of many steps, with one place for such.
class UsageCallTest : public ::testing::Test {
 protected:
  ~UsageCallTest() override {
    long_reads_->Close();
    member_.Kill();
  }

  void Start(size_t waiting_bytes_max) {
    member_.options().max_txn_ops = kKeys;
    member_.StartAndWait();
    etcdserverpb::TxnRequest txn;
    for (int i = 0; i < kKeys; ++i) {
      *txn.add_success()->mutable_request_put() = testing::Put("k/" + std::to_string(10'000 + i));
    }
    ASSERT_TRUE(member_.Call(testing::kTxn, txn).ok());
    long_reads_ = std::make_shared<kv::LongReads>(
        kv::LongReads::Limits{.running_max = 1, .waiting_bytes_max = waiting_bytes_max});
    const Context& context = member_.front().context();
    context.AddStreaming(member_.front().table(), "test.Reads", "Usage", rpc::Kind::kUnary,
                         MethodTerms(), [this, &context](Call call) {
                           return std::make_shared<UsageCall>(&context, long_reads_,
                                                              std::move(call));
                         });
  }

  static constexpr int kKeys = 6000;
  std::shared_ptr<kv::LongReads> long_reads_;
  testing::ServedMember member_;
};

TEST_F(UsageCallTest, ItWaitsForAPlaceWithoutAPin) {
  Start(1 << 20);
  auto place = long_reads_->TryEnter();
  const auto answer = member_.Begin(kUsage, {});
  const auto gone = member_.Begin(kUsage, {});
  member_.member().RunFor(seconds(1));
  EXPECT_FALSE(answer->finished);
  EXPECT_GT(long_reads_->waiting_bytes(), 0u);
  usagepb::UsageRequest none;
  none.set_prefix("none");
  EXPECT_TRUE(member_.Call(kUsage, none).ok()) << "one of one step needs none";
  member_.OnClient([&] { gone->call->Cancel(); });
  ASSERT_TRUE(member_.Call(testing::kPut, testing::Put("k/1")).ok());
  etcdserverpb::CompactionRequest compact = testing::CompactTo(3);
  compact.set_physical(true);
  EXPECT_TRUE(member_.Call(testing::kCompact, compact).ok());
  EXPECT_FALSE(answer->finished);
  place.reset();
  EXPECT_TRUE(member_.Finish(answer).ok());
  ASSERT_EQ(answer->response().groups_size(), 1);
  EXPECT_EQ(answer->response().groups(0).keys(), kKeys + 1) << "it begins with what is there then";
  EXPECT_FALSE(long_reads_->is_full()) << "it was given back";
}

TEST_F(UsageCallTest, WithoutRoomToWaitItIsRefused) {
  Start(0);
  const auto place = long_reads_->TryEnter();
  EXPECT_EQ(member_.Call(kUsage, {}).status, base::errors::kTooManyRequests);
}

}  // namespace
}  // namespace v3
