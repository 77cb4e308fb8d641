#include "runtime/simulated/disk.h"

#include <gtest/gtest.h>

#include <set>

namespace runtime::simulated {
namespace {

std::unique_ptr<File> Open(Disk& disk, std::string_view path, OpenMode mode = OpenMode::kWrite) {
  auto file = disk.Open(path, mode);
  EXPECT_TRUE(file.ok()) << file.status().ToString();
  return std::move(file).value();
}

// A durable file of `size` bytes of 'o'.
void MakeDurableFile(Disk& disk, std::string_view path, size_t size) {
  const auto file = Open(disk, path, OpenMode::kCreate);
  ASSERT_TRUE(file->WriteAt(0, std::string(size, 'o')).ok());
  ASSERT_TRUE(file->Sync().ok());
  ASSERT_TRUE(disk.SyncDirectory("/").ok());
}

TEST(SimulatedDiskTest, ForgetsWhatWasNotSynced) {
  Disk disk(1);
  MakeDurableFile(disk, "/a", 10'000);
  const auto file = Open(disk, "/a");
  ASSERT_TRUE(file->WriteAt(5, "new").ok());
  ASSERT_TRUE(file->Truncate(20'000).ok());
  disk.Restart(CrashMode::kDropUnsynced);
  EXPECT_EQ(*ReadFile(disk, "/a"), std::string(10'000, 'o'));
  EXPECT_FALSE(file->Sync().ok()) << "a file opened before the restart is dead";
}

TEST(SimulatedDiskTest, ForgetsNamesWhoseDirectoryWasNotSynced) {
  Disk disk(1);
  MakeDurableFile(disk, "/a", 1);
  const auto file = Open(disk, "/b", OpenMode::kCreate);
  ASSERT_TRUE(file->WriteAt(0, "b").ok());
  ASSERT_TRUE(file->Sync().ok());
  ASSERT_TRUE(disk.Rename("/a", "/c").ok());
  disk.Restart(CrashMode::kDropUnsynced);
  EXPECT_EQ(*disk.List("/"), std::vector<std::string>{"a"});
}

TEST(SimulatedDiskTest, ARenamedDirectoryIsDurableWithAllBelowIt) {
  Disk disk(1);
  ASSERT_TRUE(disk.CreateDirectories("/old").ok());
  MakeDurableFile(disk, "/old/a", 1);
  ASSERT_TRUE(disk.SyncDirectory("/old").ok());
  ASSERT_TRUE(disk.Rename("/old", "/new").ok());
  ASSERT_TRUE(disk.SyncDirectory("/").ok());
  disk.Restart(CrashMode::kDropUnsynced);
  EXPECT_EQ(*disk.List("/new"), std::vector<std::string>{"a"});
}

TEST(SimulatedDiskTest, TearsUnsyncedWritesSectorBySector) {
  std::set<base::Bytes> outcomes;
  for (uint64_t seed = 0; seed < 50; ++seed) {
    Disk disk(seed);
    MakeDurableFile(disk, "/a", 1024);
    ASSERT_TRUE(Open(disk, "/a")->WriteAt(0, std::string(1024, 'n')).ok());
    disk.Restart(CrashMode::kKeepSome);
    outcomes.insert(*ReadFile(disk, "/a"));
  }
  const base::Bytes old_half(512, 'o');
  const base::Bytes new_half(512, 'n');
  EXPECT_EQ(outcomes, (std::set<base::Bytes>{old_half + old_half, old_half + new_half,
                                             new_half + old_half, new_half + new_half}));
}

TEST(SimulatedDiskTest, FailsPowerAtTheChosenChange) {
  Disk disk(1);
  MakeDurableFile(disk, "/a", 4);
  const auto file = Open(disk, "/a");
  disk.FailPowerAfter(2);
  ASSERT_TRUE(file->WriteAt(0, "1").ok());
  EXPECT_FALSE(file->Sync().ok());
  EXPECT_TRUE(disk.power_failed());
  EXPECT_FALSE(file->WriteAt(0, "2").ok());
  EXPECT_FALSE(disk.Open("/a", OpenMode::kRead).ok());
  disk.Restart(CrashMode::kDropUnsynced);
  EXPECT_EQ(*ReadFile(disk, "/a"), "oooo");
}

TEST(SimulatedDiskTest, NothingWrittenAfterAPowerFailureSurvives) {
  for (uint64_t seed = 0; seed < 50; ++seed) {
    Disk disk(seed);
    MakeDurableFile(disk, "/a", 4);
    const auto file = Open(disk, "/a");
    disk.FailPowerAfter(1);
    EXPECT_FALSE(file->Sync().ok());
    EXPECT_FALSE(file->WriteAt(0, "late").ok());
    disk.Restart(CrashMode::kKeepSome);
    EXPECT_EQ(*ReadFile(disk, "/a"), "oooo");
  }
}

TEST(SimulatedDiskTest, AFailedSyncLeavesItsWritesUnsynced) {
  Disk disk(1);
  MakeDurableFile(disk, "/a", 4);
  const auto file = Open(disk, "/a");
  ASSERT_TRUE(file->WriteAt(0, "lost").ok());
  disk.FailSyncAfter(1);
  EXPECT_EQ(file->Sync().code(), base::Code::kUnavailable);
  disk.Restart(CrashMode::kDropUnsynced);
  EXPECT_EQ(*ReadFile(disk, "/a"), "oooo");
}

TEST(SimulatedDiskTest, RunsFullAndReadOnly) {
  Disk disk(1);
  MakeDurableFile(disk, "/a", 100);
  disk.SetCapacity(150);
  const auto file = Open(disk, "/a");
  EXPECT_EQ(*disk.FreeBytes("/"), 50u);
  EXPECT_EQ(file->WriteAt(100, std::string(51, 'x')).code(), base::Code::kResourceExhausted);
  EXPECT_EQ(file->Allocate(151).code(), base::Code::kResourceExhausted);
  EXPECT_TRUE(file->WriteAt(0, std::string(150, 'x')).ok());
  disk.SetReadOnly(true);
  EXPECT_EQ(file->WriteAt(0, "x").code(), base::Code::kPermissionDenied);
  EXPECT_EQ(disk.Remove("/a").code(), base::Code::kPermissionDenied);
}

TEST(SimulatedDiskTest, ARemovedFileTakesSpaceAsLongAsItIsOpen) {
  Disk disk(1);
  disk.SetCapacity(1000);
  MakeDurableFile(disk, "/removed", 400);
  MakeDurableFile(disk, "/replaced", 300);
  auto removed = Open(disk, "/removed");
  auto replaced = Open(disk, "/replaced");
  const auto other = Open(disk, "/other", OpenMode::kCreate);
  ASSERT_TRUE(disk.Remove("/removed").ok());
  ASSERT_TRUE(disk.Rename("/other", "/replaced").ok());
  EXPECT_EQ(*disk.FreeBytes("/"), 300u);
  EXPECT_EQ(other->WriteAt(0, std::string(301, 'x')).code(), base::Code::kResourceExhausted);
  removed.reset();
  EXPECT_EQ(*disk.FreeBytes("/"), 700u);
  replaced.reset();
  EXPECT_TRUE(other->WriteAt(0, std::string(1000, 'x')).ok());
  ASSERT_TRUE(disk.Remove("/replaced").ok());
  EXPECT_EQ(*disk.FreeBytes("/"), 0u);
  disk.Restart(CrashMode::kKeepSome);
  ASSERT_TRUE(disk.RemoveAll("/").ok());
  EXPECT_EQ(*disk.FreeBytes("/"), 1000u);
}

TEST(SimulatedDiskTest, CorruptsOneByte) {
  Disk disk(1);
  MakeDurableFile(disk, "/a", 3);
  disk.Corrupt("/a", 1);
  const base::Bytes bytes = *ReadFile(disk, "/a");
  EXPECT_EQ(bytes[0], 'o');
  EXPECT_NE(bytes[1], 'o');
}

}  // namespace
}  // namespace runtime::simulated
