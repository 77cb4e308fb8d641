#include "storage/snap/snapshot_directory.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "base/testing/source_path.h"
#include "runtime/posix/disk.h"
#include "runtime/simulated/disk.h"

namespace snap {
namespace {

using runtime::simulated::CrashMode;

constexpr std::string_view kDirectory = "/snap";

Snapshot Example(uint64_t term, uint64_t index) {
  return {base::Index(index), base::Term(term), "voters", "{\"members\":" + std::to_string(index)};
}

bool Any(const SnapshotName&) {
  return true;
}

class SnapshotDirectoryTest : public ::testing::Test {
 protected:
  SnapshotDirectoryTest() {
    EXPECT_TRUE(disk_.CreateDirectories(kDirectory).ok());
    EXPECT_TRUE(disk_.SyncDirectory("/").ok());
  }
  static std::string Path(uint64_t term, uint64_t index) {
    return "/snap/" + SnapshotName{base::Term(term), base::Index(index)}.ToString();
  }

  runtime::simulated::Disk disk_{1};
  SnapshotDirectory snapshots_{&disk_, kDirectory};
};

TEST_F(SnapshotDirectoryTest, TheNewestUsableOneIsLoaded) {
  EXPECT_EQ(snapshots_.LoadNewest(Any).value(), std::nullopt);
  for (const auto& [term, index] : {std::pair{1, 100}, {2, 300}, {2, 200}}) {
    ASSERT_TRUE(snapshots_.Save(Example(term, index)).ok());
  }
  EXPECT_EQ(snapshots_.LoadNewest(Any).value(), Example(2, 300));
  const auto older =
      snapshots_.LoadNewest([](const SnapshotName& name) { return name.index < base::Index(300); });
  EXPECT_EQ(older.value(), Example(2, 200));
}

TEST_F(SnapshotDirectoryTest, ADamagedFileIsSetAsideAndTheOneBeforeIsLoaded) {
  ASSERT_TRUE(snapshots_.Save(Example(1, 100)).ok());
  ASSERT_TRUE(snapshots_.Save(Example(1, 200)).ok());
  disk_.Corrupt(Path(1, 200), 20);
  EXPECT_EQ(snapshots_.LoadNewest(Any).value(), Example(1, 100));
  EXPECT_TRUE(disk_.Exists(Path(1, 200) + ".broken").value());
  EXPECT_EQ(snapshots_.List()->size(), 1u);
}

TEST_F(SnapshotDirectoryTest, AFileUnderAnotherNameIsNotBelieved) {
  ASSERT_TRUE(snapshots_.Save(Example(1, 100)).ok());
  ASSERT_TRUE(disk_.Rename(Path(1, 100), Path(1, 200)).ok());
  EXPECT_EQ(snapshots_.LoadNewest(Any).value(), std::nullopt);
}

TEST_F(SnapshotDirectoryTest, PurgeKeepsTheNewest) {
  for (uint64_t index = 1; index <= 7; ++index) {
    ASSERT_TRUE(snapshots_.Save(Example(1, index)).ok());
  }
  ASSERT_TRUE(snapshots_.Purge(5).ok());
  const auto names = snapshots_.List();
  ASSERT_EQ(names->size(), 5u);
  EXPECT_EQ(names->front().index, base::Index(3));
}

TEST_F(SnapshotDirectoryTest, PurgeKeepsTheNewestOfTheReceivedDatabases) {
  ASSERT_TRUE(snapshots_.Save(Example(1, 1)).ok());
  for (const char* index : {"0000000000000009", "000000000000000a", "0000000000000100"}) {
    const std::string path = "/snap/" + std::string(index) + ".snap.db";
    ASSERT_TRUE(disk_.Open(path, runtime::OpenMode::kCreate).ok());
  }
  ASSERT_TRUE(disk_.Open("/snap/db.mdb", runtime::OpenMode::kCreate).ok());
  ASSERT_TRUE(snapshots_.Purge(2).ok());
  EXPECT_EQ(
      disk_.List(kDirectory).value(),
      (std::vector<std::string>{"0000000000000001-0000000000000001.snap",
                                "000000000000000a.snap.db", "0000000000000100.snap.db", "db.mdb"}));
}

TEST_F(SnapshotDirectoryTest, ASavedSnapshotSurvivesAndAHalfSavedOneIsNotSeen) {
  ASSERT_TRUE(snapshots_.Save(Example(1, 100)).ok());
  for (uint64_t failing = 1; failing <= 5; ++failing) {
    disk_.FailPowerAfter(failing);
    const bool saved = snapshots_.Save(Example(1, 100 + failing)).ok();
    EXPECT_FALSE(saved);
    disk_.Restart(CrashMode::kKeepSome);
    const auto newest = snapshots_.LoadNewest(Any);
    ASSERT_TRUE(newest.ok() && newest->has_value());
    const uint64_t index = (*newest)->index.value();
    EXPECT_EQ(**newest, Example(1, index));
    EXPECT_FALSE(disk_.Exists(Path(1, 100 + failing) + ".broken").value());
  }
  ASSERT_TRUE(snapshots_.Purge(1).ok());
  EXPECT_EQ(disk_.List(kDirectory)->size(), 1u);
}

TEST_F(SnapshotDirectoryTest, AFailingDiskIsNamedAndTheOneBeforeStays) {
  ASSERT_TRUE(snapshots_.Save(Example(1, 100)).ok());
  const auto expect_refused = [this](base::Code code) {
    const base::Status status = snapshots_.Save(Example(1, 200));
    EXPECT_EQ(status.code(), code);
    EXPECT_NE(status.message().find(kDirectory), status.message().npos) << status.message();
    EXPECT_EQ(snapshots_.LoadNewest(Any)->value(), Example(1, 100));
  };
  disk_.SetCapacity(1);
  expect_refused(base::Code::kResourceExhausted);
  disk_.SetCapacity(1 << 20);
  disk_.SetReadOnly(true);
  expect_refused(base::Code::kPermissionDenied);
  disk_.SetReadOnly(false);
  disk_.FailSyncAfter(1);
  EXPECT_FALSE(snapshots_.Save(Example(1, 200)).ok());
  EXPECT_EQ(snapshots_.LoadNewest(Any)->value(), Example(1, 100));
}

TEST_F(SnapshotDirectoryTest, AnUnreadableFileIsNamed) {
  ASSERT_TRUE(disk_.CreateDirectories(Path(1, 100)).ok());
  const base::Status status = snapshots_.LoadNewest(Any).status();
  EXPECT_NE(status.message().find(Path(1, 100)), status.message().npos) << status.message();
}

TEST(SnapshotFileTest, FilesAreWrittenAsEtcdWritesThem) {
  runtime::posix::Disk disk;
  const std::string directory = base::testing::SourcePath("test/fixtures/etcd-3.4.23");
  SnapshotDirectory snapshots(&disk, directory);
  const auto names = snapshots.List();
  ASSERT_TRUE(names.ok());
  ASSERT_EQ(names->size(), 1u);
  const auto bytes = runtime::ReadFile(disk, directory + "/" + names->front().ToString());
  const auto snapshot = ParseSnapshotFile(*bytes);
  ASSERT_TRUE(snapshot.has_value());
  EXPECT_EQ(snapshot->index, names->front().index);
  EXPECT_EQ(snapshot->term, names->front().term);
  EXPECT_EQ(snapshot->data.substr(0, 8), "{\"Root\":");
  EXPECT_EQ(EncodeSnapshotFile(*snapshot), *bytes);
}

}  // namespace
}  // namespace snap
