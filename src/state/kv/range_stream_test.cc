#include "state/kv/range_stream.h"

#include <gtest/gtest.h>

#include "base/errors.h"
#include "state/kv/testing/chunk.h"
#include "storage/mvcc/testing/store_harness.h"

namespace kv {
namespace {

using etcdserverpb::RangeRequest;
using etcdserverpb::RangeStreamResponse;

constexpr size_t kChunkBytes = 4096;
constexpr ResponseHeader kHeader{
    .cluster = base::ClusterId(1), .member = base::MemberId(2), .revision = {}, .term = {}};

class RangeStreamTest : public ::testing::Test {
 protected:
  RangeStreamTest() {
    for (int i = 0; i < kKeys; ++i) harness_.Put(KeyAt(i), std::string(50, 'v'));
    request_.set_key("k");
    request_.set_range_end("l");
  }
  static std::string KeyAt(int i) { return "k" + std::to_string(1000 + i); }

  // Reads the next chunk; whether it is the last.
  static base::Result<bool> Next(RangeStream& stream) {
    for (bool whole = false; !whole;) {
      ASSIGN_OR_RETURN(whole, stream.Step());
    }
    return stream.last();
  }
  // All chunks of the request.
  std::vector<RangeStreamResponse> Stream() {
    RangeStream stream(&harness_.reads(), request_, kChunkBytes);
    std::vector<RangeStreamResponse> chunks;
    for (bool last = false; !last;) {
      const base::Result<bool> next = Next(stream);
      EXPECT_TRUE(next.ok()) << next.status().ToString();
      if (!next.ok()) break;
      last = *next;
      chunks.push_back(testing::ChunkOf(stream, kHeader));
    }
    return chunks;
  }
  static std::vector<std::string> Keys(const std::vector<RangeStreamResponse>& chunks) {
    std::vector<std::string> keys;
    for (const auto& chunk : chunks) {
      for (const auto& kv : chunk.range_response().kvs()) keys.push_back(kv.key());
    }
    return keys;
  }

  static constexpr int kKeys = 700;
  mvcc::StoreHarness harness_{mvcc::DatabaseKind::kMemory};
  RangeRequest request_;
};

TEST_F(RangeStreamTest, ChunksHaveEveryKeyOnceAndInOrder) {
  const auto chunks = Stream();
  const std::vector<std::string> keys = Keys(chunks);
  ASSERT_EQ(keys.size(), size_t{kKeys});
  for (int i = 0; i < kKeys; ++i) EXPECT_EQ(keys[i], KeyAt(i));
  EXPECT_EQ(chunks[0].range_response().kvs_size(), 10);
  EXPECT_EQ(chunks[1].range_response().kvs_size(), 20);
}

TEST_F(RangeStreamTest, OnlyTheLastChunkHasHeaderAndCount) {
  const auto chunks = Stream();
  for (size_t i = 0; i + 1 < chunks.size(); ++i) {
    EXPECT_FALSE(chunks[i].range_response().has_header());
    EXPECT_EQ(chunks[i].range_response().count(), 0);
  }
  const auto& last = chunks.back().range_response();
  EXPECT_EQ(last.count(), kKeys);
  EXPECT_FALSE(last.more());
  EXPECT_EQ(last.header().revision(), harness_.store().revision().value());
  EXPECT_EQ(last.header().cluster_id(), 1u);
}

TEST_F(RangeStreamTest, ALimitCutsAndTheCountIsThatOfTheRange) {
  request_.set_limit(37);
  const auto chunks = Stream();
  EXPECT_EQ(Keys(chunks).size(), 37u);
  EXPECT_TRUE(chunks.back().range_response().more());
  EXPECT_EQ(chunks.back().range_response().count(), kKeys);
}

TEST_F(RangeStreamTest, AnEmptyRangeIsOneChunk) {
  request_.set_key("x");
  request_.set_range_end("y");
  const auto chunks = Stream();
  ASSERT_EQ(chunks.size(), 1u);
  EXPECT_TRUE(chunks[0].range_response().has_header());
  EXPECT_EQ(chunks[0].range_response().count(), 0);
}

TEST_F(RangeStreamTest, WritesAfterTheStartAreNotSeen) {
  RangeStream stream(&harness_.reads(), request_, kChunkBytes);
  const int64_t revision = harness_.store().revision().value();
  ASSERT_FALSE(Next(stream).value());
  harness_.Put("k9", "late");
  harness_.Delete(mvcc::KeyRange::One(KeyAt(500)));
  std::vector<RangeStreamResponse> chunks = {testing::ChunkOf(stream, kHeader)};
  for (bool last = false; !last;) {
    last = Next(stream).value();
    chunks.push_back(testing::ChunkOf(stream, kHeader));
  }
  EXPECT_EQ(Keys(chunks).size(), size_t{kKeys});
  EXPECT_EQ(chunks.back().range_response().header().revision(), revision);
}

TEST_F(RangeStreamTest, ACompactionThatOvertakesEndsIt) {
  RangeStream stream(&harness_.reads(), request_, kChunkBytes);
  ASSERT_FALSE(Next(stream).value());
  harness_.Put("k9", "late");
  ASSERT_TRUE(harness_.Compact(harness_.store().revision().value()).ok());
  EXPECT_EQ(Next(stream).status(), base::errors::kCompacted);
}

TEST_F(RangeStreamTest, CountOnlyIsOneChunkWithoutKeys) {
  request_.set_count_only(true);
  const auto chunks = Stream();
  ASSERT_EQ(chunks.size(), 1u);
  EXPECT_EQ(chunks[0].range_response().kvs_size(), 0);
  EXPECT_EQ(chunks[0].range_response().count(), kKeys);
}

}  // namespace
}  // namespace kv
