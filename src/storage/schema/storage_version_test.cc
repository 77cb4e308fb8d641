#include "storage/schema/storage_version.h"

#include <gtest/gtest.h>

#include "storage/backend/memory_backend.h"
#include "storage/schema/schema.h"

namespace schema {
namespace {

class StorageVersionTest : public ::testing::Test {
 protected:
  void Write(std::string_view version) {
    backend::Batch batch;
    batch.Put(Id(Bucket::kMeta), kStorageVersion, version);
    ASSERT_TRUE(database_->Commit(batch).ok());
  }
  std::string Read() {
    const auto reader = database_->NewReader().value();
    return std::string(reader->Get(Id(Bucket::kMeta), kStorageVersion).value().value_or("none"));
  }

  std::unique_ptr<backend::Backend> database_ =
      backend::OpenMemoryBackend(backend::NewMemoryDatabase(kBucketNames.size()));
};

TEST_F(StorageVersionTest, ADatabaseWithoutOneGetsIt) {
  EXPECT_TRUE(EnsureStorageVersion("3.7.0", database_.get()).ok());
  EXPECT_EQ(Read(), "3.7.0");
}

TEST_F(StorageVersionTest, AnEarlierOneIsRaised) {
  Write("3.6.0");
  EXPECT_TRUE(EnsureStorageVersion("3.7.0", database_.get()).ok());
  EXPECT_EQ(Read(), "3.7.0");
}

// So that members of that version can read what they are sent.
TEST_F(StorageVersionTest, ItIsTheVersionOfTheCluster) {
  const auto with_cluster = [this](std::string_view version) {
    backend::Batch batch;
    batch.Put(Id(Bucket::kCluster), kClusterVersion, version);
    EXPECT_TRUE(database_->Commit(batch).ok());
    EXPECT_TRUE(EnsureStorageVersion("3.7.0", database_.get()).ok());
    return Read();
  };
  EXPECT_EQ(with_cluster("3.6.0"), "3.6.0");
  EXPECT_EQ(with_cluster("3.7.0"), "3.7.0");
  // Those name none, or are not known here.
  for (const char* const version : {"3.0.0", "3.5.0", "3.8.0", "", "x"}) {
    EXPECT_EQ(with_cluster(version), "3.7.0") << version;
  }
}

TEST_F(StorageVersionTest, ALaterOrNoVersionAtAllIsRefusedByName) {
  for (const char* const version : {"3.8.0", "3.10.0", "4.0.0", "", "3", "3.7", "x.7.0"}) {
    Write(version);
    const base::Status status = EnsureStorageVersion("3.7.0", database_.get());
    EXPECT_EQ(status.code(), base::Code::kFailedPrecondition) << version;
    EXPECT_EQ(status.message(), "a database of storage version \"" + std::string(version) +
                                    "\" is not supported by this version");
    EXPECT_EQ(Read(), version);
  }
}

}  // namespace
}  // namespace schema
