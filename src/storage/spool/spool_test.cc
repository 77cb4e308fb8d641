#include "storage/spool/spool.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <condition_variable>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

#include "runtime/posix/disk.h"
#include "runtime/random.h"
#include "runtime/simulated/disk.h"

namespace spool {
namespace {

constexpr size_t kMemoryBytes = 1000;

class SpoolTest : public ::testing::Test {
 protected:
  // The state that Take answers, with its bytes in taken_; fails the test on an error.
  Spool::State Take(size_t size) {
    const auto state = spool_.Take(size, &taken_);
    EXPECT_TRUE(state.ok()) << state.status().ToString();
    return state.ok() ? *state : Spool::State::kEnd;
  }
  base::Bytes TakeAll() {
    base::Bytes all;
    while (Take(300) == Spool::State::kBytes) all += taken_;
    return all;
  }

  runtime::simulated::Disk disk_{1};
  int wakes_ = 0;
  base::Bytes taken_;
  Spool spool_{&disk_, {.path = "/spool", .memory_bytes_max = kMemoryBytes}, [this] { ++wakes_; }};
};

TEST_F(SpoolTest, WhatFitsInMemoryTouchesNoDisk) {
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(spool_.Append(base::Bytes(100, 'a')).ok());
  EXPECT_FALSE(spool_.spilled());
  EXPECT_EQ(disk_.operation_count(), 0u);
  EXPECT_EQ(TakeAll(), base::Bytes(1000, 'a'));
}

TEST_F(SpoolTest, WhatDoesNotFitGoesToAFileWithoutAName) {
  base::Bytes all;
  for (char c = 'a'; c <= 'z'; ++c) {
    all += base::Bytes(100, c);
    ASSERT_TRUE(spool_.Append(base::Bytes(100, c)).ok());
  }
  EXPECT_TRUE(spool_.spilled());
  EXPECT_FALSE(disk_.Exists("/spool").value());
  EXPECT_EQ(TakeAll(), all);
  EXPECT_FALSE(spool_.spilled());
}

TEST_F(SpoolTest, OnceCaughtUpItGoesBackToMemory) {
  for (int round = 0; round < 3; ++round) {
    for (char c = 'a'; c <= 'z'; ++c) ASSERT_TRUE(spool_.Append(base::Bytes(100, c)).ok());
    ASSERT_TRUE(spool_.spilled());
    EXPECT_EQ(TakeAll().size(), 2600u);
    ASSERT_TRUE(spool_.Append("x").ok());
    EXPECT_FALSE(spool_.spilled());
    EXPECT_EQ(TakeAll(), "x");
  }
}

TEST_F(SpoolTest, TellsWhetherThereIsRoomInMemory) {
  ASSERT_TRUE(spool_.Append(base::Bytes(900, 'a')).ok());
  EXPECT_TRUE(spool_.HasRoomInMemory(100));
  EXPECT_FALSE(spool_.HasRoomInMemory(101));
  ASSERT_TRUE(spool_.Append(base::Bytes(101, 'b')).ok());
  EXPECT_EQ(Take(900), Spool::State::kBytes);
  EXPECT_FALSE(spool_.HasRoomInMemory(1));  // what is in the file comes first
  EXPECT_EQ(TakeAll().size(), 101u);
  EXPECT_TRUE(spool_.HasRoomInMemory(kMemoryBytes));
}

TEST_F(SpoolTest, TheEndComesBehindTheLastByte) {
  ASSERT_TRUE(spool_.Append("abc").ok());
  spool_.Finish({});
  EXPECT_EQ(Take(2), Spool::State::kBytes);
  EXPECT_EQ(taken_, "ab");
  EXPECT_EQ(Take(2), Spool::State::kBytes);
  EXPECT_EQ(taken_, "c");
  EXPECT_EQ(Take(2), Spool::State::kEnd);
  EXPECT_EQ(Take(2), Spool::State::kEnd);
}

TEST_F(SpoolTest, AFailedProducerIsHeardAtOnce) {
  ASSERT_TRUE(spool_.Append("abc").ok());
  spool_.Finish(base::Status(base::Code::kDataLoss, "a page is damaged"));
  EXPECT_EQ(spool_.Take(2, &taken_).status(),
            base::Status(base::Code::kDataLoss, "a page is damaged"));
}

TEST_F(SpoolTest, AReceiverThatFoundNothingIsWokenOnce) {
  ASSERT_TRUE(spool_.Append("a").ok());
  EXPECT_EQ(wakes_, 0);
  TakeAll();
  ASSERT_TRUE(spool_.Append("b").ok());
  ASSERT_TRUE(spool_.Append(base::Bytes(2000, 'c')).ok());
  EXPECT_EQ(wakes_, 1);
  TakeAll();
  ASSERT_TRUE(spool_.Append(base::Bytes(2000, 'c')).ok());
  EXPECT_EQ(wakes_, 2);
  TakeAll();
  spool_.Finish({});
  EXPECT_EQ(wakes_, 3);
}

TEST_F(SpoolTest, AReceiverThatGivesUpEndsTheProducer) {
  spool_.Cancel();
  EXPECT_EQ(spool_.Append("a").code(), base::Code::kCanceled);
}

TEST_F(SpoolTest, ItLeavesRoomToOthers) {
  disk_.SetCapacity(10'000);
  base::Status status;
  size_t appended = 0;
  for (; status.ok() && appended < 20'000; appended += 100) {
    status = spool_.Append(base::Bytes(100, 'a'));
  }
  EXPECT_EQ(status.code(), base::Code::kResourceExhausted);
  EXPECT_EQ(status.message().find("/spool: "), 0u) << status.message();
  EXPECT_GT(appended, 8500u);
  EXPECT_LT(appended, 10'600u);
}

TEST(SpoolRoomTest, OfASmallDiskLessIsLeft) {
  EXPECT_EQ(Spool::LeftToOthers(uint64_t{1} << 40), Spool::kReserveBytes);
  EXPECT_EQ(Spool::LeftToOthers(700), 100U);
}

TEST_F(SpoolTest, AReadOnlyDiskIsNamed) {
  disk_.SetReadOnly(true);
  ASSERT_TRUE(spool_.Append(base::Bytes(kMemoryBytes, 'a')).ok());
  EXPECT_EQ(spool_.Append("b").code(), base::Code::kPermissionDenied);
}

// The bytes that the unlinked files of a directory take which this process has open.
uintmax_t UnlinkedBytes(const std::string& directory) {
  uintmax_t bytes = 0;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    const auto target = std::filesystem::read_symlink(entry.path(), error);
    if (!target.string().starts_with(directory)) continue;
    bytes = std::max(bytes, std::filesystem::file_size(entry.path(), error));
  }
  return bytes;
}

TEST(SpoolOnDiskTest, WhatWasTakenIsGivenBackToTheDisk) {
  std::string directory = ::testing::TempDir() + "spool-XXXXXX";
  ASSERT_NE(::mkdtemp(directory.data()), nullptr);
  runtime::posix::Disk disk;
  Spool spool(&disk, {.path = directory + "/spool", .memory_bytes_max = 1}, [] {});
  base::Bytes taken;
  for (int round = 0; round < 3; ++round) {
    ASSERT_TRUE(spool.Append(base::Bytes(50'000, 'a')).ok());
    ASSERT_TRUE(spool.Append(base::Bytes(50'000, 'b')).ok());
    EXPECT_EQ(UnlinkedBytes(directory), 100'000u);
    ASSERT_TRUE(spool.Take(100'000, &taken).ok());
    EXPECT_EQ(taken.size(), 100'000u);
    ASSERT_TRUE(spool.Append(base::Bytes(20, 'c')).ok());
    EXPECT_EQ(UnlinkedBytes(directory), 20u);
    ASSERT_TRUE(spool.Take(100'000, &taken).ok());
    EXPECT_EQ(taken, base::Bytes(20, 'c'));
  }
  disk.RemoveAll(directory).IgnoreError();
}

// Two threads on a real disk, either the faster one by turns.
TEST(SpoolOnDiskTest, TheReceiverGetsWhatTheProducerGave) {
  std::string directory = ::testing::TempDir() + "spool-XXXXXX";
  ASSERT_NE(::mkdtemp(directory.data()), nullptr);
  runtime::posix::Disk disk;
  std::mutex mutex;
  std::condition_variable readable;
  bool woken = false;
  Spool spool(&disk, {.path = directory + "/spool", .memory_bytes_max = 10'000}, [&] {
    const std::lock_guard lock(mutex);
    woken = true;
    readable.notify_one();
  });

  constexpr uint64_t kSeed = 7;
  constexpr uint64_t kWords = 2'000'000;  // of 8 bytes
  std::thread producer([&spool] {
    runtime::Random words(kSeed);
    runtime::Random sizes(kSeed + 1);
    for (uint64_t sent = 0; sent < kWords;) {
      base::Bytes piece;
      for (uint64_t left = sizes.Between(1, 2000); left > 0 && sent < kWords; --left, ++sent) {
        char word[8];
        base::Store64Le(word, words.Next());
        piece.append(word, sizeof word);
      }
      EXPECT_TRUE(spool.Append(piece).ok());
    }
    spool.Finish({});
  });

  runtime::Random words(kSeed);
  runtime::Random sizes(kSeed + 2);
  uint64_t received = 0;
  uint64_t wrong = 0;
  base::Bytes pending;
  base::Bytes taken;
  while (true) {
    const auto state = spool.Take(sizes.Between(1, 40'000), &taken);
    ASSERT_TRUE(state.ok()) << state.status().ToString();
    if (*state == Spool::State::kEnd) break;
    if (*state == Spool::State::kNothing) {
      std::unique_lock lock(mutex);
      readable.wait(lock, [&woken] { return std::exchange(woken, false); });
      continue;
    }
    pending += taken;
    size_t used = 0;
    for (; pending.size() - used >= 8; used += 8, ++received) {
      if (base::Load64Le(pending.data() + used) != words.Next()) ++wrong;
    }
    pending.erase(0, used);
  }
  producer.join();
  EXPECT_EQ(received, kWords);
  EXPECT_EQ(wrong, 0u);
  EXPECT_TRUE(disk.List(directory)->empty());
  disk.RemoveAll(directory).IgnoreError();
}

}  // namespace
}  // namespace spool
