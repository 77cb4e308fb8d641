#include "storage/backend/lmdb_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "runtime/posix/disk.h"
#include "storage/backend/lmdb_backend.h"

namespace backend {
namespace {

using ::testing::ElementsAre;

constexpr std::array<std::string_view, 2> kBuckets = {"first", "second"};
constexpr std::array<std::string_view, 3> kMore = {"absent", "first", "second"};
constexpr uint64_t kMapBytes = 1 << 30;

class LmdbFileTest : public ::testing::Test {
 protected:
  LmdbFileTest() : directory_(::testing::TempDir() + "lmdb-file-XXXXXX") {
    EXPECT_NE(::mkdtemp(directory_.data()), nullptr);
    path_ = directory_ + "/db.mdb";
    const auto database = OpenLmdbBackend(&disk_, path_, kBuckets, {.map_bytes = kMapBytes});
    EXPECT_TRUE(database.ok()) << database.status().ToString();
    Batch batch;
    batch.Put(1, "a", "1");
    batch.Put(1, "b", base::Bytes(100'000, 'x'));
    EXPECT_TRUE((*database)->Commit(batch).ok());
  }
  ~LmdbFileTest() override { disk_.RemoveAll(directory_).IgnoreError(); }

  runtime::posix::Disk disk_;
  std::string directory_;
  std::string path_;
};

TEST_F(LmdbFileTest, IsReadWithoutAnythingBesideIt) {
  ASSERT_TRUE(disk_.Remove(path_ + "-lock").ok());
  const base::Bytes before = runtime::ReadFile(disk_, path_).value();
  {
    const auto file = LmdbFile::Open(disk_, path_, kBuckets, kBuckets.size(), kMapBytes);
    ASSERT_TRUE(file.ok()) << file.status().ToString();
    EXPECT_THAT((*file)->buckets(), ElementsAre("first", "second", "cornerstore"));
    const auto reader = (*file)->NewReader();
    ASSERT_TRUE(reader.ok()) << reader.status().ToString();
    EXPECT_EQ((*reader)->Get(1, "a").value(), "1");
    EXPECT_EQ((*reader)->Get(0, "a").value(), std::nullopt);
    const auto cursor = (*reader)->NewCursor(1);
    ASSERT_TRUE(cursor->SeekToLast().ok());
    EXPECT_EQ(cursor->value().size(), 100'000u);
    ASSERT_TRUE(cursor->Previous().ok());
    EXPECT_EQ(cursor->key(), "a");
    ASSERT_TRUE(cursor->Previous().ok());
    EXPECT_FALSE(cursor->valid());
  }
  EXPECT_EQ(runtime::ReadFile(disk_, path_).value(), before);
  EXPECT_THAT(disk_.List(directory_).value(), ElementsAre("db.mdb"));
}

TEST_F(LmdbFileTest, EveryBucketMustBeThere) {
  const auto file = LmdbFile::Open(disk_, path_, kMore, kMore.size(), kMapBytes);
  EXPECT_EQ(file.status().message(), path_ + ": there is no bucket absent");
}

TEST_F(LmdbFileTest, WhatALaterVersionHasMayBeMissing) {
  constexpr std::array<std::string_view, 3> kLater = {"first", "second", "third"};
  const auto file = LmdbFile::Open(disk_, path_, kLater, kBuckets.size(), kMapBytes);
  ASSERT_TRUE(file.ok()) << file.status().ToString();
  EXPECT_EQ((*file)->buckets().size(), kBuckets.size() + 1);  // and the backend's own
}

TEST_F(LmdbFileTest, AsABackendItIsReadAlone) {
  constexpr std::array<std::string_view, 4> kLater = {"first", "second", "third", "fourth"};
  ASSERT_TRUE(disk_.Remove(path_ + "-lock").ok());
  const auto database = OpenLmdbToRead(disk_, path_, kLater, kBuckets.size(), kMapBytes);
  ASSERT_TRUE(database.ok()) << database.status().ToString();
  {
    const auto reader = (*database)->NewReservedReader();
    ASSERT_TRUE(reader.ok()) << reader.status().ToString();
    EXPECT_EQ((*reader)->Get(1, "a").value(), "1");
    for (const BucketId absent : {2, 3}) {
      EXPECT_EQ((*reader)->Get(absent, "a").value(), std::nullopt);
      const auto cursor = (*reader)->NewCursor(absent);
      EXPECT_TRUE(cursor->Seek({}).ok());
      EXPECT_FALSE(cursor->valid());
    }
    EXPECT_EQ((*database)->open_readers(), 1u);
  }
  EXPECT_GT((*database)->sizes().in_use, 100'000u);
  const auto check = (*database)->NewStructureCheck();
  ASSERT_TRUE(check.ok()) << check.status().ToString();
  EXPECT_TRUE((*check)->Step(1 << 20).ok());
  Batch batch;
  batch.Put(1, "a", "2");
  EXPECT_EQ((*database)->Commit(batch).message(), path_ + ": was opened to be read");
  EXPECT_EQ((*database)->Defragment([](uint64_t) { return true; }).code(),
            base::Code::kFailedPrecondition);
  EXPECT_THAT(disk_.List(directory_).value(), ElementsAre("db.mdb"));
}

TEST_F(LmdbFileTest, DamageIsToldByPage) {
  const auto file = disk_.Open(path_, runtime::OpenMode::kWrite).value();
  ASSERT_TRUE(file->WriteAt(16, "xx").ok());  // within the first meta page
  EXPECT_EQ(LmdbFile::Open(disk_, path_, kBuckets, kBuckets.size(), kMapBytes).status().code(),
            base::Code::kDataLoss);
}

}  // namespace
}  // namespace backend
