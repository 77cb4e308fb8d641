#include "server/survivor_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "raft/codec.h"
#include "runtime/simulated/disk.h"
#include "server/snapshot_install.h"
#include "storage/wal/log.h"

namespace server {
namespace {

using ::testing::HasSubstr;

constexpr uint64_t kSegment = 4096;
constexpr uint64_t kEntries = 12;

class SurvivorLogTest : public ::testing::Test {
 protected:
  SurvivorLogTest() {
    options_.data_dir = "/m";
    options_.wal_segment_bytes = kSegment;
    EXPECT_TRUE(disk_.CreateDirectories("/m/member/snap").ok());
  }

  // Entries of term 2 up to 6, and of term 3 behind it; the commit index is 9.
  void WriteLog(bool has_mark = false) {
    const auto log =
        wal::Log::Create(disk_, wal(), EncodeMetadata({base::MemberId(7), base::ClusterId(9)}),
                         {.segment_bytes = kSegment})
            .value();
    for (uint64_t i = 1; i <= kEntries; ++i) {
      const raft::Entry entry{.term = base::Term(i <= 6 ? 2 : 3),
                              .index = base::Index(i),
                              .data = base::SharedBytes(std::string(600, 'e'))};
      const raft::HardState state{.term = entry.term,
                                  .vote = base::MemberId(8),
                                  .commit = base::Index(std::min<uint64_t>(i - 1, 9))};
      wal::SnapshotMark mark{base::Index(8), base::Term(3), {}};
      const bool is_marked = has_mark && i == 11;
      ASSERT_TRUE(
          log->Append(
                 {.mark = is_marked ? &mark : nullptr, .entries = {&entry, 1}, .hard_state = state})
              .ok());
    }
  }
  std::string wal() const { return Paths(options_).wal; }

  SurvivorLog Read(uint64_t index, uint64_t term) {
    auto log = ReadSurvivorLog(disk_, options_, {base::Index(index), base::Term(term)}, false);
    EXPECT_TRUE(log.ok()) << log.status().ToString();
    return *std::move(log);
  }
  // Changes a byte in the middle of the segment of that number.
  void Damage(size_t segment) {
    const auto names = wal::ListSegments(disk_, wal()).value();
    const std::string path = runtime::JoinPath(wal(), names.at(segment).ToString());
    const auto file = disk_.Open(path, runtime::OpenMode::kWrite).value();
    ASSERT_TRUE(file->WriteAt(kSegment / 2, "\xff\xff\xff").ok());
  }

  runtime::simulated::Disk disk_{1};
  Options options_;
};

TEST_F(SurvivorLogTest, HasWhatTheLogSays) {
  WriteLog();
  const SurvivorLog log = Read(5, 2);
  EXPECT_EQ(log.identity.member, base::MemberId(7));
  EXPECT_EQ(log.identity.cluster, base::ClusterId(9));
  EXPECT_EQ(log.last(), (raft::EntryId{base::Term(3), base::Index(kEntries)}));
  EXPECT_EQ(log.state.vote, base::MemberId(8));
  EXPECT_EQ(log.state.commit, base::Index(9));
  EXPECT_EQ(log.damage + log.mended_damage, "");
}

TEST_F(SurvivorLogTest, WhatTheDatabaseHasIsCommitted) {
  WriteLog();
  EXPECT_EQ(Read(11, 3).state.commit, base::Index(11));
}

TEST_F(SurvivorLogTest, BeginsWhereItIsMarked) {
  WriteLog(/*has_mark=*/true);
  const SurvivorLog log = Read(9, 3);
  EXPECT_EQ(log.base, (raft::EntryId{base::Term(3), base::Index(8)}));
  EXPECT_EQ(log.entries.front().index, base::Index(9));
  EXPECT_THAT(Read(7, 3).damage, HasSubstr("ends at entry 7, before the log begins (8)"));
  EXPECT_THAT(
      Read(0, 0).damage,
      HasSubstr("is empty or missing, and the log does not begin with its first entry (8)"));
}

TEST_F(SurvivorLogTest, MustFitTheDatabase) {
  WriteLog();
  EXPECT_THAT(Read(13, 3).damage, HasSubstr("does not have entry 13, which the database has"));
  EXPECT_THAT(Read(5, 3).damage, HasSubstr("entry 5 is of term 2, in the database of term 3"));
}

TEST_F(SurvivorLogTest, DamageBelowWhatTheDatabaseHasIsMadeGood) {
  WriteLog();
  Damage(0);
  const SurvivorLog log = Read(11, 3);
  EXPECT_EQ(log.damage, "");
  EXPECT_THAT(log.mended_damage, HasSubstr("damaged record at offset"));
  EXPECT_EQ(log.base.index, base::Index(11));
  EXPECT_EQ(log.last().index, base::Index(kEntries));
}

TEST_F(SurvivorLogTest, OtherDamageIsToldWithWhatIsStillKnown) {
  WriteLog();
  Damage(0);
  const SurvivorLog log = Read(1, 2);
  EXPECT_THAT(log.damage, HasSubstr("damaged record at offset"));
  EXPECT_EQ(log.identity.member, base::MemberId(7));
  EXPECT_EQ(log.last().index, base::Index(kEntries));
}

TEST_F(SurvivorLogTest, ALogThatWasCutShortIsDamaged) {
  WriteLog();
  const auto names = wal::ListSegments(disk_, wal()).value();
  const std::string path = runtime::JoinPath(wal(), names.back().ToString());
  const auto file = disk_.Open(path, runtime::OpenMode::kWrite).value();
  ASSERT_TRUE(file->Truncate(kSegment - 1).ok());
  EXPECT_THAT(Read(1, 2).damage, HasSubstr("the file was cut short"));
}

TEST_F(SurvivorLogTest, ALogWhoseNewestSegmentIsGoneIsDamaged) {
  WriteLog();
  const auto names = wal::ListSegments(disk_, wal()).value();
  ASSERT_TRUE(disk_.Remove(runtime::JoinPath(wal(), names.back().ToString())).ok());
  EXPECT_THAT(Read(1, 2).damage, HasSubstr("the segment behind it is gone"));
}

TEST_F(SurvivorLogTest, WithoutALogThereIsDamage) {
  EXPECT_NE(Read(0, 0).damage, "");
}

TEST_F(SurvivorLogTest, AReceivedDatabaseThatTheLogMarksIsTheOneThatCounts) {
  WriteLog(/*has_mark=*/true);
  EXPECT_EQ(SurvivorDatabasePath(disk_, options_).value(), Paths(options_).database);
  const std::string received = ReceivedDatabasePath(options_, base::Index(8));
  ASSERT_TRUE(disk_.Open(received, runtime::OpenMode::kCreate).ok());
  EXPECT_EQ(SurvivorDatabasePath(disk_, options_).value(), received);
}

}  // namespace
}  // namespace server
