#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "runtime/disk.h"
#include "runtime/posix/disk.h"
#include "runtime/simulated/disk.h"

// What every Disk promises, asked of each implementation.

namespace runtime {
namespace {

// A fresh empty directory on one kind of disk.
struct Place {
  std::unique_ptr<Disk> disk;
  std::string directory;
};

Place OnPosix() {
  std::string directory = ::testing::TempDir() + "disk-contract-XXXXXX";
  EXPECT_NE(::mkdtemp(directory.data()), nullptr);
  return {std::make_unique<posix::Disk>(), directory};
}

Place Simulated() {
  auto disk = std::make_unique<simulated::Disk>(1);
  EXPECT_TRUE(disk->CreateDirectories("/data").ok());
  return {std::move(disk), "/data"};
}

struct Kind {
  const char* name;
  Place (*make)();
};

class DiskContractTest : public ::testing::TestWithParam<Kind> {
 protected:
  DiskContractTest() : place_(GetParam().make()) {}
  ~DiskContractTest() override { place_.disk->RemoveAll(place_.directory).IgnoreError(); }

  Disk& disk() { return *place_.disk; }
  const std::string& directory() const { return place_.directory; }
  std::string Path(std::string_view name) const { return JoinPath(place_.directory, name); }
  std::unique_ptr<File> Create(std::string_view name) {
    auto file = disk().Open(Path(name), OpenMode::kCreate);
    EXPECT_TRUE(file.ok()) << file.status().ToString();
    return std::move(file).value();
  }

 private:
  Place place_;
};

TEST_P(DiskContractTest, ReadsBackWhatWasWrittenInPieces) {
  const auto file = Create("a");
  const std::vector<base::ByteView> pieces = {"hello", "", " ", "world"};
  ASSERT_TRUE(file->WriteAt(3, pieces).ok());
  ASSERT_TRUE(file->Sync().ok());
  EXPECT_EQ(*file->Size(), 14u);
  EXPECT_EQ(*ReadFile(disk(), Path("a")), std::string(3, '\0') + "hello world");
  base::Bytes end;
  ASSERT_TRUE(file->ReadAt(9, 100, &end).ok());
  EXPECT_EQ(end, "world");
  ASSERT_TRUE(file->ReadAt(100, 1, &end).ok());
  EXPECT_EQ(end, "");
}

TEST_P(DiskContractTest, WritesManyPiecesAtOnce) {
  const auto file = Create("a");
  std::vector<base::ByteView> pieces(1000, "0123456789");
  ASSERT_TRUE(file->WriteAt(0, pieces).ok());
  EXPECT_EQ(*file->Size(), 10'000u);
}

TEST_P(DiskContractTest, AllocatesAndTruncatesToZeros) {
  const auto file = Create("a");
  ASSERT_TRUE(file->WriteAt(0, "abcdef").ok());
  ASSERT_TRUE(file->Truncate(3).ok());
  ASSERT_TRUE(file->Allocate(10'000).ok());
  ASSERT_TRUE(file->Allocate(5).ok());
  EXPECT_EQ(*ReadFile(disk(), Path("a")), "abc" + std::string(9'997, '\0'));
}

TEST_P(DiskContractTest, NamesThePathOfAFailure) {
  const auto missing = disk().Open(Path("none"), OpenMode::kRead);
  EXPECT_EQ(missing.status().code(), base::Code::kNotFound);
  EXPECT_EQ(missing.status().message(), Path("none") + ": no such file or directory");
  Create("a");
  EXPECT_EQ(disk().Open(Path("a"), OpenMode::kCreate).status().code(), base::Code::kAlreadyExists);
  EXPECT_EQ(disk().Remove(Path("none")).code(), base::Code::kNotFound);
  EXPECT_EQ(disk().List(Path("none")).status().code(), base::Code::kNotFound);
  EXPECT_EQ(disk().Open(Path("none/file"), OpenMode::kCreate).status().code(),
            base::Code::kNotFound);
  const auto read_only = disk().Open(Path("a"), OpenMode::kRead);
  EXPECT_FALSE((*read_only)->WriteAt(0, "x").ok());
}

TEST_P(DiskContractTest, RenamesAndListsInOrder) {
  ASSERT_TRUE(disk().CreateDirectories(Path("x/y")).ok());
  ASSERT_TRUE(disk().CreateDirectories(Path("x/y")).ok());
  ASSERT_TRUE(Create("x/b")->WriteAt(0, "b").ok());
  Create("x/a");
  Create("x/y/inner");
  EXPECT_EQ(*disk().List(Path("x")), (std::vector<std::string>{"a", "b", "y"}));
  ASSERT_TRUE(disk().Rename(Path("x/b"), Path("x/a")).ok());
  EXPECT_EQ(*disk().List(Path("x")), (std::vector<std::string>{"a", "y"}));
  EXPECT_EQ(*ReadFile(disk(), Path("x/a")), "b");
  ASSERT_TRUE(disk().Rename(Path("x"), Path("z")).ok());
  EXPECT_EQ(*disk().List(Path("z/y")), (std::vector<std::string>{"inner"}));
  EXPECT_FALSE(*disk().Exists(Path("x/a")));
  EXPECT_TRUE(*disk().Exists(Path("z/a")));
  EXPECT_FALSE(disk().Remove(Path("z")).ok());
  ASSERT_TRUE(disk().RemoveAll(Path("z")).ok());
  ASSERT_TRUE(disk().RemoveAll(Path("z")).ok());
  EXPECT_FALSE(*disk().Exists(Path("z")));
  EXPECT_TRUE(disk().SyncDirectory(directory()).ok());
}

TEST_P(DiskContractTest, CreateOrTruncateEmptiesTheFile) {
  ASSERT_TRUE(Create("a")->WriteAt(0, "old").ok());
  const auto file = disk().Open(Path("a"), OpenMode::kCreateOrTruncate);
  EXPECT_EQ(*(*file)->Size(), 0u);
}

TEST_P(DiskContractTest, KeepsARemovedFileForThoseWhoHaveItOpen) {
  const auto file = Create("a");
  const auto second = disk().Open(Path("a"), OpenMode::kRead);
  ASSERT_TRUE(disk().Remove(Path("a")).ok());
  EXPECT_FALSE(*disk().Exists(Path("a")));
  ASSERT_TRUE(file->WriteAt(0, "abcdef").ok());
  base::Bytes bytes;
  ASSERT_TRUE((*second)->ReadAt(2, 3, &bytes).ok());
  EXPECT_EQ(bytes, "cde");
  ASSERT_TRUE(file->Truncate(0).ok());
  EXPECT_EQ(*(*second)->Size(), 0u);
  ASSERT_TRUE(Create("a")->WriteAt(0, "other").ok());
  EXPECT_EQ(*(*second)->Size(), 0u);
}

TEST_P(DiskContractTest, TruncatesByPiecesToAnySize) {
  const auto file = Create("a");
  ASSERT_TRUE(file->WriteAt(0, "kept").ok());
  ASSERT_TRUE(file->WriteAt((40 << 20) - 1, "x").ok());
  ASSERT_TRUE(TruncateByPieces(*file, 4).ok());
  EXPECT_EQ(ReadFile(disk(), Path("a")).value(), "kept");
  ASSERT_TRUE(TruncateByPieces(*file, 0).ok());
  EXPECT_EQ(file->Size().value(), 0u);
}

TEST_P(DiskContractTest, GrantsALockToOneOpenFileAtATime) {
  auto first = Create("a");
  const auto second = disk().Open(Path("a"), OpenMode::kWrite);
  ASSERT_TRUE(first->Lock().ok());
  EXPECT_EQ((*second)->Lock().code(), base::Code::kUnavailable);
  first.reset();
  EXPECT_TRUE((*second)->Lock().ok());
}

INSTANTIATE_TEST_SUITE_P(EachDisk, DiskContractTest,
                         ::testing::Values(Kind{"Posix", OnPosix}, Kind{"Simulated", Simulated}),
                         [](const auto& param) { return std::string(param.param.name); });

// A device for which a sync is an error tells whether there was one.
TEST(PosixDiskTest, APipeIsNoFile) {
  const std::string path = testing::TempDir() + "pipe-" + std::to_string(getpid());
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  posix::Disk disk;
  for (const OpenMode mode : {OpenMode::kRead, OpenMode::kWrite, OpenMode::kCreateOrTruncate}) {
    const base::Status status = disk.Open(path, mode).status();
    EXPECT_EQ(status.message(), path + ": illegal seek");
  }
  EXPECT_EQ(std::remove(path.c_str()), 0);
}

TEST(PosixDiskTest, WithoutSyncingNothingIsSynced) {
  for (const auto syncing : {posix::Disk::Syncing::kOn, posix::Disk::Syncing::kOff}) {
    posix::Disk disk(syncing);
    const auto file = disk.Open("/dev/null", OpenMode::kWrite);
    ASSERT_TRUE(file.ok());
    EXPECT_EQ((*file)->Sync().ok(), syncing == posix::Disk::Syncing::kOff);
  }
}

}  // namespace
}  // namespace runtime
