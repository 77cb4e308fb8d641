#include "storage/backend/lmdb_structure.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "runtime/posix/disk.h"
#include "runtime/random.h"
#include "storage/backend/lmdb_check.h"
#include "storage/backend/lmdb_page.h"

namespace backend {
namespace {

using lmdb::PageHead;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr std::array<std::string_view, 2> kBuckets = {"key", "large"};
constexpr uint64_t kPageBytes = 4096;
constexpr uint64_t kMapBytes = 1 << 28;

// A database of some hundred pages, with free ones, large values and a bucket of two levels.
class LmdbStructureTest : public ::testing::Test {
 protected:
  LmdbStructureTest() : directory_(::testing::TempDir() + "structure-XXXXXX") {
    EXPECT_NE(::mkdtemp(directory_.data()), nullptr);
    backend_ = *OpenLmdbBackend(&disk_, path(), kBuckets, {.map_bytes = kMapBytes, .sync = false});
    for (int round = 0; round < 20; ++round) Commit(500);
  }
  ~LmdbStructureTest() override {
    backend_.reset();
    disk_.RemoveAll(directory_).IgnoreError();
  }
  std::string path() const { return directory_ + "/db.mdb"; }

  // Puts and removes about so many records.
  void Commit(uint64_t records) {
    Batch batch;
    for (uint64_t i = 0; i < records; ++i) {
      const std::string key = "key" + std::to_string(random_.Below(6000));
      if (random_.OneIn(4)) {
        batch.Delete(0, key);
      } else {
        batch.Put(0, key, std::string(random_.Below(200), 'v'));
      }
      if (i % 100 == 0) batch.Put(1, key, std::string(random_.Below(20'000), 'l'));
    }
    ASSERT_TRUE(backend_->Commit(batch).ok());
  }

  // The first damage that is found; OK without any. Steps of so many bytes.
  base::Status Check(uint64_t step_bytes = 1 << 20) {
    ASSIGN_OR_RETURN(const auto check, backend_->NewStructureCheck());
    for (bytes_ = 0;;) {
      ASSIGN_OR_RETURN(const uint64_t read, check->Step(step_bytes));
      if (read == 0) return {};
      bytes_ += read;
    }
  }

  // By its key, as a cursor comes to it.
  bool EachRecordIsFound() {
    const auto reader = backend_->NewReader().value();
    for (BucketId bucket = 0; bucket < kBuckets.size(); ++bucket) {
      const auto cursor = reader->NewCursor(bucket);
      EXPECT_TRUE(cursor->Seek({}).ok());
      while (cursor->valid()) {
        const auto found = reader->NewCursor(bucket);
        EXPECT_TRUE(found->Seek(cursor->key()).ok());
        if (!found->valid() || found->key() != cursor->key()) return false;
        EXPECT_TRUE(cursor->Next().ok());
      }
    }
    return true;
  }

  // Whatever has these flags, of any transaction.
  std::vector<uint64_t> PagesOf(uint16_t flags) {
    const base::Bytes bytes = *runtime::ReadFile(disk_, path());
    std::vector<uint64_t> pages;
    for (uint64_t page = 0; page < bytes.size() / kPageBytes; ++page) {
      const PageHead head(base::ByteView(bytes).substr(page * kPageBytes));
      if (head.number == page && head.flags == flags) pages.push_back(page);
    }
    return pages;
  }
  // What is done to the file while it is open is in memory at once.
  void Flip(uint64_t offset, unsigned bit) {
    const auto file = disk_.Open(path(), runtime::OpenMode::kWrite).value();
    base::Bytes byte;
    ASSERT_TRUE(file->ReadAt(offset, 1, &byte).ok());
    byte[0] = static_cast<char>(byte[0] ^ (1 << bit));
    ASSERT_TRUE(file->WriteAt(offset, byte).ok());
  }

  runtime::posix::Disk disk_;
  std::string directory_;
  runtime::Random random_{7};
  std::unique_ptr<Backend> backend_;
  uint64_t bytes_ = 0;  // that the last check has read
};

TEST_F(LmdbStructureTest, OfAWholeDatabaseItReadsLittleAndFindsNothing) {
  const base::Status status = Check();
  EXPECT_TRUE(status.ok()) << status.ToString();
  EXPECT_GE(bytes_, 4 * kPageBytes);
  EXPECT_LT(bytes_, backend_->sizes().in_use / 8);
  EXPECT_EQ(backend_->open_readers(), 0u);
}

TEST_F(LmdbStructureTest, AFlippedBitOfABranchIsFoundAsAStartWouldFindIt) {
  const std::vector<uint64_t> branches = PagesOf(lmdb::kBranch);
  ASSERT_GT(branches.size(), 2u);
  int found = 0;
  for (int i = 0; i < 600; ++i) {
    const uint64_t offset =
        branches[random_.Below(branches.size())] * kPageBytes +
        random_.Below(random_.OneIn(2) ? lmdb::kPageHeaderBytes + 64 : kPageBytes);
    const auto bit = static_cast<unsigned>(random_.Below(8));
    SCOPED_TRACE("page " + std::to_string(offset / kPageBytes) + ", offset " +
                 std::to_string(offset % kPageBytes) + ", bit " + std::to_string(bit));
    Flip(offset, bit);
    const base::Status at_start = CheckLmdbFile(disk_, path(), kMapBytes);
    const base::Status status = Check();
    EXPECT_EQ(status.ok() && EachRecordIsFound(), at_start.ok())
        << status.ToString() << at_start.ToString();
    if (!status.ok()) {
      ++found;
      EXPECT_EQ(status.code(), base::Code::kDataLoss);
      EXPECT_THAT(std::string(status.message()), StartsWith(path() + ": damaged page "));
    }
    Flip(offset, bit);
    if (HasFailure()) return;
  }
  EXPECT_GT(found, 50);
  EXPECT_TRUE(Check().ok());
}

TEST_F(LmdbStructureTest, AListOfFreePagesThatNamesOneInUseIsFound) {
  // A leaf with numbers for keys is of the free tree; its last node has a list.
  const base::Bytes bytes = *runtime::ReadFile(disk_, path());
  int found = 0;
  for (const uint64_t page : PagesOf(lmdb::kLeaf)) {
    for (uint64_t at = kPageBytes - sizeof(uint64_t); at > kPageBytes / 2; at -= sizeof(uint64_t)) {
      const uint64_t offset = page * kPageBytes + at;
      const uint64_t number = base::Load64Le(bytes.data() + offset);
      if (number < lmdb::kMetaPages || number > bytes.size() / kPageBytes) continue;
      Flip(offset, 2);
      const base::Status at_start = CheckLmdbFile(disk_, path(), kMapBytes);
      const base::Status status = Check();
      if (!status.ok()) {
        ++found;
        EXPECT_FALSE(at_start.ok());
      }
      Flip(offset, 2);
    }
  }
  EXPECT_GT(found, 5);
}

TEST_F(LmdbStructureTest, ADamagedMetaPageIsFound) {
  constexpr uint64_t kVersionOffset = 20;
  // The older one is written next.
  const base::Bytes bytes = *runtime::ReadFile(disk_, path());
  const uint64_t newest = lmdb::Meta(bytes).transaction >
                                  lmdb::Meta(base::ByteView(bytes).substr(kPageBytes)).transaction
                              ? 0
                              : 1;
  Flip(newest * kPageBytes + kVersionOffset, 1);
  EXPECT_THAT(std::string(Check().message()),
              HasSubstr("damaged page " + std::to_string(newest) + ": not a meta page"));
  Flip(newest * kPageBytes + kVersionOffset, 1);
  EXPECT_TRUE(Check().ok());
}

TEST_F(LmdbStructureTest, WhatIsCommittedMeanwhileIsOfNoConcern) {
  for (int round = 0; round < 20; ++round) {
    const auto check = backend_->NewStructureCheck().value();
    for (int step = 0;; ++step) {
      const auto read = check->Step(1);
      ASSERT_TRUE(read.ok()) << read.status().ToString();
      if (*read == 0) break;
      if (step % 2 == 0) Commit(50);
    }
  }
  ASSERT_TRUE(backend_->Defragment([](uint64_t) { return true; }).ok());
  EXPECT_TRUE(Check().ok());
}

}  // namespace
}  // namespace backend
