#include "api/v3/range_stream_call.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "api/v3/testing/requests.h"
#include "api/v3/testing/served_member.h"
#include "base/errors.h"

namespace v3 {
namespace {

using std::chrono::seconds;
using testing::GetAll;

constexpr int kKeys = 6000;
constexpr testing::Method<etcdserverpb::RangeRequest, etcdserverpb::RangeStreamResponse> kStream{
    "/test.Reads/RangeStream"};

// With places of its own, of which there is one.
class RangeStreamCallTest : public ::testing::Test {
 protected:
  ~RangeStreamCallTest() override {
    long_reads_->Close();
    member_.Kill();
  }

  void Start(size_t waiting_bytes_max) {
    long_reads_ = std::make_shared<kv::LongReads>(
        kv::LongReads::Limits{.running_max = 1, .waiting_bytes_max = waiting_bytes_max});
    member_.options().max_txn_ops = kKeys;
    member_.StartAndWait();
    etcdserverpb::TxnRequest txn;
    for (int i = 0; i < kKeys; ++i) {
      *txn.add_success()->mutable_request_put() = testing::Put("k" + std::to_string(10'000 + i));
    }
    ASSERT_TRUE(member_.Call(testing::kTxn, txn).ok());
    const Context& context = member_.front().context();
    context.AddStreaming(member_.front().table(), "test.Reads", "RangeStream",
                         rpc::Kind::kServerStreaming, MethodTerms(), [this, &context](Call call) {
                           return std::make_shared<RangeStreamCall>(&context, long_reads_,
                                                                    std::move(call));
                         });
  }
  static int64_t Keys(const testing::Answer<etcdserverpb::RangeStreamResponse>& answer) {
    int64_t keys = 0;
    for (const auto& chunk : answer.responses) keys += chunk.range_response().kvs_size();
    return keys;
  }

  std::shared_ptr<kv::LongReads> long_reads_;
  testing::ServedMember member_;
};

TEST_F(RangeStreamCallTest, AChunkOfManyStepsWaitsForAPlaceWithoutAPin) {
  Start(1 << 20);
  auto place = long_reads_->TryEnter();
  const auto answer = member_.Begin(kStream, GetAll());
  const auto gone = member_.Begin(kStream, GetAll());
  member_.member().RunFor(seconds(1));
  EXPECT_FALSE(answer->finished);
  EXPECT_GT(Keys(*answer), 100) << "chunks of one step need none";
  EXPECT_LT(Keys(*answer), 3000);
  EXPECT_GT(long_reads_->waiting_bytes(), 0u);
  member_.OnClient([&] { gone->call->Cancel(); });
  // What waits keeps no revision: this is carried out at once.
  etcdserverpb::CompactionRequest compact = testing::CompactTo(2);
  compact.set_physical(true);
  EXPECT_TRUE(member_.Call(testing::kCompact, compact).ok());
  EXPECT_FALSE(answer->finished);
  place.reset();
  EXPECT_TRUE(member_.Finish(answer).ok());
  EXPECT_EQ(Keys(*answer), kKeys);
  EXPECT_EQ(long_reads_->waiting_bytes(), 0u);
  EXPECT_FALSE(long_reads_->is_full()) << "it was given back";
}

TEST_F(RangeStreamCallTest, WithoutRoomToWaitItIsRefused) {
  Start(0);
  const auto place = long_reads_->TryEnter();
  const auto answer = member_.Call(kStream, GetAll());
  EXPECT_EQ(answer.status, base::errors::kTooManyRequests);
  EXPECT_GT(Keys(answer), 100);
}

TEST_F(RangeStreamCallTest, PlacesAreGivenBackByThoseThatEnd) {
  Start(1 << 20);
  for (int i = 0; i < 10; ++i) {
    const auto answer = member_.Begin(kStream, GetAll());
    const auto other = member_.Begin(kStream, GetAll());
    member_.OnClient([&] { answer->call->PauseReading(); });
    EXPECT_TRUE(member_.Finish(other).ok());
    EXPECT_EQ(Keys(*other), kKeys);
    member_.OnClient([&] { answer->call->Cancel(); });
  }
  member_.member().RunFor(seconds(1));
  EXPECT_FALSE(long_reads_->is_full());
}

etcdserverpb::RangeRequest SortedByValue() {
  etcdserverpb::RangeRequest request = GetAll();
  request.set_sort_target(etcdserverpb::RangeRequest::VALUE);
  return request;
}

TEST_F(RangeStreamCallTest, ASortTargetSortsTheWholeRange) {
  member_.options().max_request_bytes = 300'000;
  Start(1 << 20);
  const std::string value(3000, 'v');
  for (int i = 0; i < 500; ++i) {
    const std::string key = "k" + std::to_string(10'000 + i * 7919 % kKeys);
    ASSERT_TRUE(
        member_.Call(testing::kPut, testing::Put(key, std::to_string(i % 100) + value)).ok());
  }
  for (int i = 0; i < 2; ++i) {
    const auto answer = member_.Call(kStream, SortedByValue());
    ASSERT_TRUE(answer.ok()) << answer.status.ToString();
    EXPECT_GT(answer.responses.size(), 3u);
    EXPECT_EQ(Keys(answer), kKeys);
    std::string before;
    for (const auto& chunk : answer.responses) {
      for (const auto& kv : chunk.range_response().kvs()) {
        EXPECT_LE(before, kv.value());
        before = kv.value();
      }
    }
    EXPECT_TRUE(answer.responses.back().range_response().has_header());
    EXPECT_FALSE(long_reads_->is_full());
  }
}

TEST_F(RangeStreamCallTest, ASortedRangeWithoutRoomIsRefusedBeforeAnythingIsSent) {
  const auto memory = std::make_shared<http::SharedBudget>(size_t{16} << 20);
  member_.http_options().member_budget = memory;
  Start(1 << 20);
  for (int i = 0; i < 300; ++i) {
    const std::string key = "k" + std::to_string(10'000 + i);
    ASSERT_TRUE(member_.Call(testing::kPut, testing::Put(key, std::string(100'000, 'v'))).ok());
  }
  const auto answer = member_.Call(kStream, SortedByValue());
  EXPECT_EQ(answer.status.code(), base::Code::kResourceExhausted) << answer.status.ToString();
  EXPECT_EQ(Keys(answer), 0);
  EXPECT_TRUE(member_.Call(kStream, GetAll()).ok()) << "in the order of the keys it takes no room";
  EXPECT_FALSE(long_reads_->is_full());
}

TEST_F(RangeStreamCallTest, ASortedRangeWaitsForAPlaceWithoutAPin) {
  Start(1 << 20);
  auto place = long_reads_->TryEnter();
  const auto answer = member_.Begin(kStream, SortedByValue());
  member_.member().RunFor(seconds(1));
  EXPECT_FALSE(answer->finished);
  EXPECT_EQ(Keys(*answer), 0);
  etcdserverpb::CompactionRequest compact = testing::CompactTo(2);
  compact.set_physical(true);
  EXPECT_TRUE(member_.Call(testing::kCompact, compact).ok());
  place.reset();
  EXPECT_TRUE(member_.Finish(answer).ok());
  EXPECT_EQ(Keys(*answer), kKeys);
}

}  // namespace
}  // namespace v3
