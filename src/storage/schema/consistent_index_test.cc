#include "storage/schema/consistent_index.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "storage/backend/memory_backend.h"
#include "storage/schema/schema.h"

namespace schema {
namespace {

static_assert(std::is_sorted(kBucketNames.begin(), kBucketNames.end()));
static_assert(kBucketNames[Id(Bucket::kMeta)] == "meta");
static_assert(kBucketNames[Id(Bucket::kKey)] == "key");

class ConsistentIndexTest : public ::testing::Test {
 protected:
  void Commit(const backend::Batch& batch) { ASSERT_TRUE(backend_->Commit(batch).ok()); }
  base::Result<ConsistentIndex> Read() {
    return ReadConsistentIndex(*backend_->NewReader().value());
  }

  std::unique_ptr<backend::Backend> backend_ =
      backend::OpenMemoryBackend(backend::NewMemoryDatabase(kBucketNames.size()));
};

TEST_F(ConsistentIndexTest, IsZeroInAnEmptyDatabase) {
  EXPECT_EQ(Read().value(), ConsistentIndex());
}

TEST_F(ConsistentIndexTest, ReadsBackAndIsBigEndian) {
  backend::Batch batch;
  const ConsistentIndex covered{base::Index(258), base::Term(3)};
  PutConsistentIndex(covered, &batch);
  EXPECT_EQ(batch.value(batch.operations().front()), base::ByteView("\0\0\0\0\0\0\x01\x02", 8));
  Commit(batch);
  EXPECT_EQ(Read().value(), covered);
}

TEST_F(ConsistentIndexTest, ANumberOfAnotherSizeIsRefused) {
  backend::Batch batch;
  batch.Put(Id(Bucket::kMeta), kConsistentIndex, "7");
  Commit(batch);
  EXPECT_EQ(Read().status().code(), base::Code::kDataLoss);
}

}  // namespace
}  // namespace schema
