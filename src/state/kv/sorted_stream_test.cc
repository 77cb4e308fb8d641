#include "state/kv/sorted_stream.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "state/kv/testing/chunk.h"
#include "storage/mvcc/testing/store_harness.h"

namespace kv {
namespace {

using etcdserverpb::RangeRequest;
using etcdserverpb::RangeStreamResponse;

constexpr size_t kChunkBytes = 4096;
constexpr ResponseHeader kHeader{
    .cluster = base::ClusterId(1), .member = base::MemberId(2), .revision = {}, .term = {}};

class SortedStreamTest : public ::testing::Test {
 protected:
  SortedStreamTest() {
    for (int i = 0; i < kKeys; ++i) {
      harness_.Put(KeyAt(i), std::to_string(i * 7919 % kKeys) + std::string(50, 'v'));
    }
    request_.set_key("k");
    request_.set_range_end("l");
    request_.set_sort_target(RangeRequest::VALUE);
  }
  static std::string KeyAt(int i) { return "k" + std::to_string(10'000 + i); }

  static void Sort(SortedStream& stream) {
    for (bool done = false; !done;) {
      const base::Result<bool> step = stream.Step();
      ASSERT_TRUE(step.ok()) << step.status().ToString();
      done = *step;
    }
  }
  std::vector<RangeStreamResponse> Chunks() {
    SortedStream stream(&harness_.reads(), request_, kChunkBytes);
    Sort(stream);
    std::vector<RangeStreamResponse> chunks;
    while (stream.HasChunk()) chunks.push_back(testing::ChunkOf(stream, kHeader));
    return chunks;
  }
  static std::vector<std::string> Values(const std::vector<RangeStreamResponse>& chunks) {
    std::vector<std::string> values;
    for (const auto& chunk : chunks) {
      for (const auto& kv : chunk.range_response().kvs()) values.push_back(kv.value());
    }
    return values;
  }

  static constexpr int kKeys = 5000;
  mvcc::StoreHarness harness_{mvcc::DatabaseKind::kMemory};
  RangeRequest request_;
};

TEST_F(SortedStreamTest, ChunksTogetherHaveEveryPairInTheOrderAskedFor) {
  const auto chunks = Chunks();
  EXPECT_GT(chunks.size(), 50u);
  const std::vector<std::string> values = Values(chunks);
  EXPECT_EQ(values.size(), size_t{kKeys});
  EXPECT_TRUE(std::is_sorted(values.begin(), values.end()));
  for (size_t i = 0; i < chunks.size(); ++i) {
    const bool last = i + 1 == chunks.size();
    EXPECT_EQ(chunks[i].range_response().has_header(), last);
    EXPECT_EQ(chunks[i].range_response().count(), last ? kKeys : 0);
    EXPECT_LT(chunks[i].ByteSizeLong(), 2 * kChunkBytes);
  }
  EXPECT_EQ(chunks.back().range_response().header().revision(),
            harness_.store().revision().value());
}

TEST_F(SortedStreamTest, TheLimitHoldsBeforeSortingAsInARange) {
  request_.set_limit(300);
  const auto chunks = Chunks();
  const std::vector<std::string> values = Values(chunks);
  EXPECT_EQ(values.size(), 300u);
  EXPECT_TRUE(std::is_sorted(values.begin(), values.end()));
  EXPECT_TRUE(chunks.back().range_response().more());
  EXPECT_EQ(chunks.back().range_response().count(), kKeys);
}

TEST_F(SortedStreamTest, AnEmptyRangeIsOneChunk) {
  request_.set_key("x");
  request_.set_range_end("y");
  const auto chunks = Chunks();
  ASSERT_EQ(chunks.size(), 1u);
  EXPECT_TRUE(chunks[0].range_response().has_header());
  EXPECT_EQ(chunks[0].range_response().kvs_size(), 0);
}

TEST_F(SortedStreamTest, OneThatIsLetGoOfIsBegunAgain) {
  SortedStream stream(&harness_.reads(), request_, kChunkBytes);
  Sort(stream);
  EXPECT_GT(stream.held_bytes(), 0u);
  testing::ChunkOf(stream, kHeader);
  stream.Release();
  EXPECT_EQ(stream.held_bytes(), 0u);
  Sort(stream);
  std::vector<RangeStreamResponse> chunks;
  while (stream.HasChunk()) chunks.push_back(testing::ChunkOf(stream, kHeader));
  EXPECT_EQ(Values(chunks).size(), size_t{kKeys});
}

}  // namespace
}  // namespace kv
