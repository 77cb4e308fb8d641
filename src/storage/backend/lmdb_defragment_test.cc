#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/callback.h"
#include "runtime/posix/disk.h"
#include "runtime/random.h"
#include "storage/backend/lmdb_backend.h"

// What BackendContractTest does not ask: files, room, damage, threads and crashes.

namespace backend {
namespace {

constexpr std::array<std::string_view, 1> kBuckets = {"key"};

// The real disk, which a test may say is full, and which ends the process at its n-th change.
class TestDisk final : public runtime::Disk {
 public:
  base::Result<std::unique_ptr<runtime::File>> Open(std::string_view path,
                                                    runtime::OpenMode mode) override {
    return real_.Open(path, mode);
  }
  base::Status Rename(std::string_view from, std::string_view to) override {
    CountDown();
    const base::Status status = real_.Rename(from, to);
    CountDown();
    return status;
  }
  base::Status Remove(std::string_view path) override { return real_.Remove(path); }
  base::Status RemoveAll(std::string_view path) override { return real_.RemoveAll(path); }
  base::Status CreateDirectories(std::string_view path) override {
    return real_.CreateDirectories(path);
  }
  base::Result<std::vector<std::string>> List(std::string_view path) const override {
    return real_.List(path);
  }
  base::Result<bool> Exists(std::string_view path) const override { return real_.Exists(path); }
  base::Status SyncDirectory(std::string_view path) override {
    if (fails_to_sync_directories) return {base::Code::kUnavailable, "planted"};
    const base::Status status = real_.SyncDirectory(path);
    CountDown();
    return status;
  }
  base::Result<uint64_t> FreeBytes(std::string_view path) const override {
    if (free_bytes) return *free_bytes;
    return real_.FreeBytes(path);
  }
  base::Result<uint64_t> TotalBytes(std::string_view path) const override {
    if (total_bytes) return *total_bytes;
    return real_.TotalBytes(path);
  }

  std::optional<uint64_t> free_bytes;
  std::optional<uint64_t> total_bytes;
  bool fails_to_sync_directories = false;
  int changes_left = -1;  // until the process ends; below 0: never

 private:
  void CountDown() {
    if (changes_left >= 0 && changes_left-- == 0) ::raise(SIGKILL);
  }

  runtime::posix::Disk real_;
};

std::string NumberKey(uint64_t number) {
  char bytes[8];
  base::Store64Be(bytes, number);
  return {bytes, sizeof bytes};
}

// Batch n puts record n and replaces the record "last".
base::Status CommitNumber(Backend& backend, uint64_t number) {
  Batch batch;
  batch.Put(0, NumberKey(number), std::string(number % 3000, 'v'));
  batch.Put(0, "last", NumberKey(number));
  return backend.Commit(batch);
}

bool GoOn(uint64_t) {
  return true;
}

class LmdbDefragmentTest : public ::testing::Test {
 protected:
  LmdbDefragmentTest() : directory_(::testing::TempDir() + "defragment-XXXXXX") {
    EXPECT_NE(::mkdtemp(directory_.data()), nullptr);
  }
  ~LmdbDefragmentTest() override {
    backend_.reset();
    disk_.RemoveAll(directory_).IgnoreError();
  }

  std::string path() const { return directory_ + "/db.mdb"; }
  void Open(LmdbOptions options = {.map_bytes = 1 << 28}) {
    backend_.reset();
    auto backend = OpenLmdbBackend(&disk_, path(), kBuckets, options);
    ASSERT_TRUE(backend.ok()) << backend.status().ToString();
    backend_ = std::move(backend).value();
  }
  void Fill(uint64_t first, uint64_t last) {
    Batch batch;
    for (uint64_t number = first; number <= last; ++number) {
      batch.Put(0, NumberKey(number), std::string(number % 3000, 'v'));
    }
    batch.Put(0, "last", NumberKey(last));
    ASSERT_TRUE(backend_->Commit(batch).ok());
  }
  // Every number up to the last one has its record; the last one.
  uint64_t CheckAndGetLast() {
    auto reader = std::move(backend_->NewReader()).value();
    const auto last = reader->Get(0, "last");
    EXPECT_TRUE(last.ok() && last->has_value());
    if (!last.ok() || !last->has_value()) return 0;
    const uint64_t count = base::Load64Be((*last)->data());
    for (uint64_t number = 1; number <= count; ++number) {
      const auto value = reader->Get(0, NumberKey(number));
      EXPECT_TRUE(value.ok() && value->has_value()) << number;
      if (!value.ok() || !value->has_value()) return 0;
      EXPECT_EQ((*value)->size(), number % 3000);
    }
    EXPECT_FALSE(reader->Get(0, NumberKey(count + 1))->has_value());
    return count;
  }
  uint64_t FileBytes() {
    return disk_.Open(path(), runtime::OpenMode::kRead).value()->Size().value();
  }
  std::vector<std::string> Files() { return disk_.List(directory_).value(); }

  TestDisk disk_;
  std::string directory_;
  std::unique_ptr<Backend> backend_;
};

TEST_F(LmdbDefragmentTest, TheFileShrinks) {
  Open();
  Fill(1, 4000);
  Batch batch;
  for (uint64_t number = 100; number <= 4000; ++number) batch.Delete(0, NumberKey(number));
  batch.Put(0, "last", NumberKey(99));
  ASSERT_TRUE(backend_->Commit(batch).ok());
  const uint64_t before = FileBytes();
  EXPECT_GT(before, 4u << 20);
  ASSERT_TRUE(backend_->Defragment(GoOn).ok());
  EXPECT_LT(FileBytes(), before / 10);
  EXPECT_LT(backend_->sizes().allocated, before / 10);
  EXPECT_LE(backend_->sizes().in_use, backend_->sizes().allocated);
  EXPECT_EQ(CheckAndGetLast(), 99u);
  EXPECT_EQ(Files(), (std::vector<std::string>{"db.mdb", "db.mdb-lock"}));
}

TEST_F(LmdbDefragmentTest, NothingIsCommittedToACopyThatACrashMayUndo) {
  Open();
  Fill(1, 100);
  disk_.fails_to_sync_directories = true;
  const base::Status defragmented = backend_->Defragment(GoOn);
  EXPECT_NE(defragmented.message().find("a crash may undo it: planted"), std::string_view::npos);
  EXPECT_EQ(CommitNumber(*backend_, 101), defragmented);
  EXPECT_EQ(CheckAndGetLast(), 100u);
  disk_.fails_to_sync_directories = false;
  EXPECT_EQ(CommitNumber(*backend_, 101), defragmented) << "until it is opened again";
  Open();
  EXPECT_EQ(CheckAndGetLast(), 100u);
  EXPECT_TRUE(CommitNumber(*backend_, 101).ok());
}

TEST_F(LmdbDefragmentTest, OneAtATime) {
  Open();
  Fill(1, 10);
  base::Status second;
  const auto start_another = [&](uint64_t) {
    second = backend_->Defragment(GoOn);
    return true;
  };
  EXPECT_TRUE(backend_->Defragment(start_another).ok());
  EXPECT_EQ(second.code(), base::Code::kFailedPrecondition);
  EXPECT_TRUE(backend_->Defragment(GoOn).ok());
}

TEST_F(LmdbDefragmentTest, WithoutRoomForACopyItSaysWhatIsNeeded) {
  Open();
  Fill(1, 1000);
  const uint64_t needed = backend_->sizes().in_use + (64 << 20);
  disk_.total_bytes = uint64_t{1} << 40;
  disk_.free_bytes = needed - 1;
  const base::Status status = backend_->Defragment(GoOn);
  EXPECT_EQ(status.code(), base::Code::kResourceExhausted);
  EXPECT_NE(status.message().find(std::to_string(needed)), std::string::npos) << status.message();
  disk_.free_bytes = needed;
  EXPECT_TRUE(backend_->Defragment(GoOn).ok());
}

TEST_F(LmdbDefragmentTest, OfASmallDiskLittleMustBeLeft) {
  Open();
  Fill(1, 1000);
  disk_.total_bytes = 160 << 20;
  disk_.free_bytes = backend_->sizes().in_use + (10 << 20) - 1;
  EXPECT_EQ(backend_->Defragment(GoOn).code(), base::Code::kResourceExhausted);
  disk_.free_bytes = *disk_.free_bytes + 1;
  EXPECT_TRUE(backend_->Defragment(GoOn).ok());
}

TEST_F(LmdbDefragmentTest, WhatDoesNotFitIntoMemoryIsReplayedToo) {
  Open();
  Fill(1, 100);
  uint64_t next = 101;
  const auto commit_much_once = [&](uint64_t) {
    for (; next < 10'000; next += 2000) Fill(next, next + 1999);
    return true;
  };
  ASSERT_TRUE(backend_->Defragment(commit_much_once).ok());
  EXPECT_EQ(CheckAndGetLast(), next - 1);
  Open();
  EXPECT_EQ(CheckAndGetLast(), next - 1);
}

TEST_F(LmdbDefragmentTest, GivesUpWhenMoreIsCommittedThanMayBeKept) {
  Open({.map_bytes = 1 << 28, .delta_bytes_max = 1'000'000});
  Fill(1, 100);
  const auto commit_much = [&](uint64_t) {
    Fill(101, 1000);
    Fill(1001, 2000);
    return true;
  };
  EXPECT_EQ(backend_->Defragment(commit_much).code(), base::Code::kResourceExhausted);
  EXPECT_EQ(CheckAndGetLast(), 2000u);
  EXPECT_EQ(Files(), (std::vector<std::string>{"db.mdb", "db.mdb-lock"}));
  EXPECT_TRUE(backend_->Defragment(GoOn).ok());
}

TEST_F(LmdbDefragmentTest, ADamagedRecordIsNamedAndNotCopied) {
  Open();
  Batch batch;
  batch.Put(0, "the key", "the needle in the file");
  ASSERT_TRUE(backend_->Commit(batch).ok());
  const auto bytes = runtime::ReadFile(disk_, path());
  auto file = disk_.Open(path(), runtime::OpenMode::kWrite);
  for (size_t at = bytes->find("needle"); at != std::string::npos;
       at = bytes->find("needle", at + 1)) {
    ASSERT_TRUE(file.value()->WriteAt(at, "noodle").ok());
  }
  const base::Status status = backend_->Defragment(GoOn);
  EXPECT_EQ(status.code(), base::Code::kDataLoss);
  EXPECT_NE(status.message().find("key 746865206b6579"), std::string::npos) << status.message();
}

TEST_F(LmdbDefragmentTest, WhoReadsAReplacedFileLastDoesNotCloseIt) {
  std::vector<base::Callback<void()>> to_close;
  LmdbOptions options{.map_bytes = 1 << 28};
  options.close_replaced = [&](base::Callback<void()> close) {
    to_close.push_back(std::move(close));
  };
  Open(options);
  Fill(1, 100);
  const auto file = disk_.Open(path(), runtime::OpenMode::kRead).value();
  auto reader = std::move(backend_->NewReader()).value();
  ASSERT_TRUE(backend_->Defragment(GoOn).ok());
  EXPECT_TRUE(to_close.empty());
  reader.reset();
  ASSERT_EQ(to_close.size(), 1u);
  EXPECT_GT(file->Size().value(), 0u);
  to_close.front()();
  EXPECT_EQ(file->Size().value(), 0u);
  EXPECT_EQ(CheckAndGetLast(), 100u);
}

TEST_F(LmdbDefragmentTest, OpeningRemovesWhatWasLeftBehind) {
  for (const char* suffix : {".tmp", ".tmp-lock", ".tmp-delta"}) {
    ASSERT_TRUE(disk_.Open(path() + suffix, runtime::OpenMode::kCreate).ok());
  }
  Open();
  EXPECT_EQ(Files(), (std::vector<std::string>{"db.mdb", "db.mdb-lock"}));
}

TEST_F(LmdbDefragmentTest, CommitsAndReadersOnOtherThreadsGoOn) {
  Open();
  Fill(1, 3000);
  std::atomic<bool> done = false;
  std::atomic<uint64_t> committed = 3000;
  std::thread committer([&] {
    while (!done) {
      ASSERT_TRUE(CommitNumber(*backend_, committed + 1).ok());
      ++committed;
    }
  });
  std::thread reader([&] {
    runtime::Random random(1);
    std::pair<std::unique_ptr<Reader>, uint64_t> held;
    while (!done) {
      const uint64_t at_least = committed;
      auto now = std::move(backend_->NewReader()).value();
      ASSERT_TRUE(now->Get(0, NumberKey(at_least))->has_value());
      const uint64_t last = base::Load64Be((*now->Get(0, "last"))->data());
      ASSERT_FALSE(now->Get(0, NumberKey(last + 1))->has_value());
      if (held.first != nullptr) {
        ASSERT_EQ(base::Load64Be((*held.first->Get(0, "last"))->data()), held.second);
      }
      if (random.OneIn(20)) held = {std::move(now), last};
    }
  });
  for (int i = 0; i < 8; ++i) {
    const base::Status status = backend_->Defragment(GoOn);
    EXPECT_TRUE(status.ok()) << status.ToString();
  }
  done = true;
  committer.join();
  reader.join();
  EXPECT_EQ(CheckAndGetLast(), committed);
  Open();
  EXPECT_EQ(CheckAndGetLast(), committed);
}

// Defragments again and again, and commits meanwhile, until it is killed; says after each commit
// how far it came.
[[noreturn]] void DefragmentUntilKilled(Backend& backend, uint64_t first, int acknowledgements) {
  uint64_t next = first;
  const auto commit_one = [&](uint64_t) {
    if (!CommitNumber(backend, next).ok()) ::_exit(1);
    if (::write(acknowledgements, &next, sizeof next) != sizeof next) ::_exit(1);
    ++next;
    return true;
  };
  while (backend.Defragment(commit_one).ok()) {
  }
  ::_exit(1);
}

// What a child acknowledged last, which was killed after so many acknowledgements, or by its disk
// at a change of it, whichever came first.
uint64_t RunChildAndKillIt(const std::string& path, uint64_t first, uint64_t acknowledgements,
                           int disk_changes) {
  int channel[2];
  EXPECT_EQ(::pipe(channel), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    TestDisk disk;
    auto backend = OpenLmdbBackend(&disk, path, kBuckets, {.map_bytes = 1 << 28});
    if (!backend.ok()) ::_exit(1);
    disk.changes_left = disk_changes;
    DefragmentUntilKilled(**backend, first, channel[1]);
  }
  ::close(channel[1]);
  uint64_t last = first - 1;
  uint64_t number = 0;
  const auto read_one = [&] {
    const bool read = ::read(channel[0], &number, sizeof number) == sizeof number;
    if (read) last = number;
    return read;
  };
  for (uint64_t i = 0; i < acknowledgements && read_one(); ++i) {
  }
  ::kill(child, SIGKILL);
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status)) << "the child ended by itself";
  while (read_one()) {
  }
  ::close(channel[0]);
  return last;
}

TEST_F(LmdbDefragmentTest, NothingIsLostByKillingTheProcess) {
  const char* configured = std::getenv("CORNERSTORE_LMDB_KILLS");
  const int kills = configured == nullptr ? 10 : std::atoi(configured);
  Open();
  Fill(1, 1000);
  runtime::Random random(12);
  uint64_t last = 1000;
  for (int kill = 0; kill < kills; ++kill) {
    backend_.reset();
    const uint64_t acknowledged = RunChildAndKillIt(path(), last + 1, random.Between(1, 30), -1);
    Open();
    last = CheckAndGetLast();
    ASSERT_GE(last, acknowledged);
    ASSERT_LE(last, acknowledged + 1);
    ASSERT_EQ(Files(), (std::vector<std::string>{"db.mdb", "db.mdb-lock"}));
  }
}

TEST_F(LmdbDefragmentTest, NothingIsLostByDyingAtAnyStepOfTakingThePlace) {
  Open();
  Fill(1, 1000);
  uint64_t last = 1000;
  constexpr int kChangesOfOneDefragmentation = 5;
  for (int change = 0; change < 2 * kChangesOfOneDefragmentation; ++change) {
    SCOPED_TRACE("change " + std::to_string(change));
    backend_.reset();
    constexpr uint64_t kNotBefore = 1'000'000;
    const uint64_t acknowledged = RunChildAndKillIt(path(), last + 1, kNotBefore, change);
    Open();
    last = CheckAndGetLast();
    ASSERT_EQ(last, acknowledged);
    ASSERT_EQ(Files(), (std::vector<std::string>{"db.mdb", "db.mdb-lock"}));
  }
}

}  // namespace
}  // namespace backend
