#include "storage/wal/log.h"

#include <gtest/gtest.h>

#include <algorithm>

#include <memory>
#include <string>
#include <vector>

#include "raft/codec.h"
#include "runtime/posix/disk.h"
#include "runtime/simulated/disk.h"
#include "storage/wal/record.h"

namespace wal {
namespace {

using runtime::simulated::CrashMode;

constexpr std::string_view kDirectory = "/member/wal";
constexpr Log::Options kSmall{.segment_bytes = 4096};

std::string SegmentPath(uint64_t sequence, uint64_t index) {
  return runtime::JoinPath(kDirectory, SegmentName{sequence, base::Index(index)}.ToString());
}

base::Bytes DataOf(uint64_t index, size_t size = 100) {
  return base::Bytes(size, static_cast<char>('a' + index % 26));
}

class WalLogTest : public ::testing::Test {
 protected:
  WalLogTest() : disk_(1) { EXPECT_TRUE(disk_.CreateDirectories("/member").ok()); }

  void Create() {
    auto log = Log::Create(disk_, kDirectory, "metadata", kSmall);
    ASSERT_TRUE(log.ok()) << log.status().ToString();
    log_ = std::move(log).value();
  }
  base::Result<Log::Opened> Reopen(const SnapshotMark& start = {}) {
    log_.reset();
    return Log::Open(disk_, kDirectory, start, kSmall);
  }
  // Reopens and keeps the log; the contents.
  Contents MustReopen(const SnapshotMark& start = {}) {
    auto opened = Reopen(start);
    EXPECT_TRUE(opened.ok()) << opened.status().ToString();
    if (!opened.ok()) return {};
    log_ = std::move(opened->log);
    return std::move(opened->contents);
  }
  base::Status AppendEntry(uint64_t index, uint64_t term = 1, size_t size = 100) {
    const raft::Entry entry{.term = base::Term(term),
                            .index = base::Index(index),
                            .data = base::SharedBytes(DataOf(index, size))};
    const raft::HardState state{base::Term(term), base::MemberId(1), base::Index(index - 1)};
    return log_->Append({.entries = {&entry, 1}, .hard_state = state});
  }
  void AppendEntries(uint64_t first, uint64_t last) {
    for (uint64_t index = first; index <= last; ++index) {
      ASSERT_TRUE(AppendEntry(index).ok()) << index;
    }
  }
  void AppendMark(uint64_t index) {
    const SnapshotMark mark{base::Index(index), base::Term(1), {}};
    ASSERT_TRUE(log_->Append({.mark = &mark}).ok());
  }
  static std::vector<uint64_t> Indexes(const Contents& contents) {
    std::vector<uint64_t> indexes;
    for (const raft::Entry& entry : contents.entries) indexes.push_back(entry.index.value());
    return indexes;
  }

  runtime::simulated::Disk disk_;
  std::unique_ptr<Log> log_;
};

TEST_F(WalLogTest, ANewLogIsEmptyAndKeepsItsMetadata) {
  Create();
  const Contents contents = MustReopen();
  EXPECT_EQ(contents.metadata, "metadata");
  EXPECT_EQ(contents.hard_state, raft::HardState());
  EXPECT_TRUE(contents.entries.empty());
}

TEST_F(WalLogTest, ANewLogMayBeginWithEntriesAndIsNeverWithoutThem) {
  const raft::Entry entry{
      .term = base::Term(1), .index = base::Index(1), .data = base::SharedBytes(DataOf(1))};
  const raft::HardState state{base::Term(1), {}, base::Index(1)};
  bool failed = true;
  for (uint64_t change = 1; failed; ++change) {
    disk_.FailPowerAfter(change);
    const auto created = Log::Create(disk_, kDirectory, "metadata", kSmall,
                                     {.entries = {&entry, 1}, .hard_state = state});
    failed = disk_.power_failed();
    EXPECT_NE(created.ok(), failed);
    disk_.Restart(CrashMode::kKeepSome);
    if (!disk_.Exists(kDirectory).value()) continue;
    const Contents contents = MustReopen();
    EXPECT_EQ(Indexes(contents), std::vector<uint64_t>{1}) << change;
    EXPECT_EQ(contents.hard_state, state) << change;
    ASSERT_TRUE(AppendEntry(2).ok());
    EXPECT_EQ(Indexes(MustReopen()), (std::vector<uint64_t>{1, 2}));
    log_.reset();
    ASSERT_TRUE(disk_.RemoveAll(kDirectory).ok());
  }
}

TEST_F(WalLogTest, ASecondLogIsNotCreatedOverTheFirst) {
  Create();
  EXPECT_EQ(Log::Create(disk_, kDirectory, "other", kSmall).status().code(),
            base::Code::kAlreadyExists);
}

TEST_F(WalLogTest, ADirectoryThatHasNoLogMayBeThere) {
  ASSERT_TRUE(disk_.CreateDirectories(kDirectory).ok());
  EXPECT_FALSE(*HasLog(disk_, kDirectory));
  Create();
  EXPECT_TRUE(*HasLog(disk_, kDirectory));
  ASSERT_TRUE(AppendEntry(1).ok());
  EXPECT_EQ(Indexes(MustReopen()), std::vector<uint64_t>{1});
}

TEST_F(WalLogTest, EntriesAndHardStateReadBackThroughManySegments) {
  Create();
  AppendEntries(1, 200);
  EXPECT_GT(log_->segments().size(), 3u);
  const Contents contents = MustReopen();
  ASSERT_EQ(contents.entries.size(), 200u);
  for (uint64_t index = 1; index <= 200; ++index) {
    const raft::Entry& entry = contents.entries[index - 1];
    EXPECT_EQ(entry.index, base::Index(index));
    EXPECT_EQ(entry.data.view(), DataOf(index));
  }
  EXPECT_EQ(contents.hard_state.commit, base::Index(199));
}

TEST_F(WalLogTest, AppendsContinueAfterReopening) {
  Create();
  AppendEntries(1, 30);
  MustReopen();
  AppendEntries(31, 90);
  EXPECT_EQ(MustReopen().entries.size(), 90u);
}

TEST_F(WalLogTest, ALaterEntryReplacesThoseFromItsIndexOn) {
  Create();
  AppendEntries(1, 10);
  ASSERT_TRUE(AppendEntry(6, 2).ok());
  const Contents contents = MustReopen();
  EXPECT_EQ(Indexes(contents), (std::vector<uint64_t>{1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(contents.entries.back().term, base::Term(2));
}

TEST_F(WalLogTest, ReadingStartsAfterTheMark) {
  Create();
  AppendEntries(1, 10);
  AppendMark(7);
  const Contents contents = MustReopen({base::Index(7), base::Term(1), {}});
  EXPECT_EQ(Indexes(contents), (std::vector<uint64_t>{8, 9, 10}));
}

TEST_F(WalLogTest, AMarkThatTheLogDoesNotHaveIsNotFound) {
  Create();
  AppendEntries(1, 10);
  EXPECT_EQ(Reopen({base::Index(7), base::Term(1), {}}).status().code(), base::Code::kNotFound);
}

TEST_F(WalLogTest, AMarkOfAnotherTermIsRefused) {
  Create();
  AppendEntries(1, 10);
  AppendMark(7);
  EXPECT_EQ(Reopen({base::Index(7), base::Term(2), {}}).status().code(), base::Code::kDataLoss);
}

TEST_F(WalLogTest, TheNewestMarkIsTheLastOneThatIsCommitted) {
  Create();
  EXPECT_EQ(FindNewestMark(disk_, kDirectory).value(), SnapshotMark());
  AppendEntries(1, 5);
  AppendMark(3);
  AppendEntries(6, 10);
  AppendMark(7);
  AppendMark(11);  // the hard state says that 9 is committed
  log_.reset();
  const auto mark = FindNewestMark(disk_, kDirectory);
  ASSERT_TRUE(mark.ok()) << mark.status().ToString();
  EXPECT_EQ(mark->index, base::Index(7));
}

TEST_F(WalLogTest, TheNewestMarkIsFoundInAnOlderSegment) {
  Create();
  AppendEntries(1, 10);
  AppendMark(7);
  AppendEntries(11, 150);
  ASSERT_GT(log_->segments().size(), 3u);
  log_.reset();
  EXPECT_EQ(FindNewestMark(disk_, kDirectory)->index, base::Index(7));
}

TEST_F(WalLogTest, ALogWithoutAMarkIsNamed) {
  ASSERT_TRUE(disk_.CreateDirectories(kDirectory).ok());
  EXPECT_EQ(FindNewestMark(disk_, kDirectory).status().code(), base::Code::kNotFound);
}

TEST_F(WalLogTest, ASecondOwnerIsRefused) {
  Create();
  EXPECT_EQ(Log::Open(disk_, kDirectory, {}, kSmall).status().code(), base::Code::kUnavailable);
}

TEST_F(WalLogTest, AHardStateThatOnlyCommitsIsWrittenWithTheNextBatch) {
  Create();
  AppendEntries(1, 3);
  const uint64_t before = disk_.operation_count();
  const raft::HardState commit{base::Term(1), base::MemberId(1), base::Index(3)};
  ASSERT_TRUE(log_->Append({.hard_state = commit}).ok());
  EXPECT_EQ(disk_.operation_count() - before, 0u);
  const raft::Entry entry{.term = base::Term(1), .index = base::Index(4)};
  ASSERT_TRUE(log_->Append({.entries = {&entry, 1}}).ok());
  EXPECT_EQ(disk_.operation_count() - before, 2u);
  const raft::HardState vote{base::Term(2), base::MemberId(2), base::Index(3)};
  ASSERT_TRUE(log_->Append({.hard_state = vote}).ok());
  EXPECT_EQ(disk_.operation_count() - before, 4u);
  EXPECT_EQ(MustReopen().hard_state, vote);
}

TEST_F(WalLogTest, AHardStateThatWasKeptIsWrittenOnceWhenItIsAskedFor) {
  Create();
  AppendEntries(1, 3);
  const raft::HardState state{base::Term(1), base::MemberId(1), base::Index(3)};
  ASSERT_TRUE(log_->Append({.hard_state = state}).ok());
  const uint64_t offset = log_->tail_offset();
  ASSERT_TRUE(log_->WriteState().ok());
  EXPECT_GT(log_->tail_offset(), offset);
  const uint64_t behind = log_->tail_offset();
  ASSERT_TRUE(log_->WriteState().ok());
  EXPECT_EQ(log_->tail_offset(), behind);
  log_.reset();
  disk_.Restart(CrashMode::kDropUnsynced);
  EXPECT_EQ(MustReopen().hard_state, state);
}

TEST_F(WalLogTest, EachWriteEndsInAHardState) {
  Create();
  const raft::HardState commit{base::Term(1), base::MemberId(1), base::Index(1)};
  const raft::Entry entry{.term = base::Term(1), .index = base::Index(1)};
  const SnapshotMark mark{base::Index(1), base::Term(1), {}};
  const Batch batches[] = {
      {.entries = {&entry, 1}, .hard_state = commit}, {.entries = {&entry, 1}}, {.mark = &mark}};
  for (const Batch& batch : batches) {
    ASSERT_TRUE(log_->Append(batch).ok());
    const base::Bytes bytes = *runtime::ReadFile(disk_, SegmentPath(0, 0));
    base::Bytes state;
    raft::Encode(commit, &state);
    const size_t end_of_state = bytes.rfind(state, log_->tail_offset()) + state.size();
    EXPECT_LT(log_->tail_offset() - end_of_state, kFrameAlignment);
  }
  // Also one that is nothing else; see reader.cc for what says that there is something before it.
  raft::HardState later = commit;
  later.commit = base::Index(2);
  ASSERT_TRUE(log_->Append({.hard_state = later}).ok());
  const uint64_t end = log_->tail_offset();
  ASSERT_TRUE(log_->WriteState().ok());
  const base::Bytes bytes = *runtime::ReadFile(disk_, SegmentPath(0, 0));
  EXPECT_NE(base::ByteView(bytes).substr(end, log_->tail_offset() - end).find("metadata"),
            base::ByteView::npos);
}

// Found by the simulator: the mark of a received snapshot and the entries behind it, of which a
// power failure left the beginning.
TEST_F(WalLogTest, AMarkAndEntriesBehindItMayBeCutShortAnywhere) {
  constexpr uint64_t kSector = 512;
  constexpr Log::Options kLarge{.segment_bytes = 64 * 1024};
  const SnapshotMark mark{base::Index(50), base::Term(1), {}};
  std::vector<raft::Entry> entries;
  for (uint64_t index = 51; index <= 70; ++index) {
    entries.push_back({.term = base::Term(1),
                       .index = base::Index(index),
                       .data = base::SharedBytes(DataOf(index))});
  }
  for (uint64_t kept = 0;; kept += kSector) {
    ASSERT_TRUE(disk_.RemoveAll(kDirectory).ok());
    log_ = *Log::Create(disk_, kDirectory, "metadata", kLarge);
    AppendEntries(1, 3);
    const uint64_t begin = log_->tail_offset() / kSector * kSector;
    ASSERT_TRUE(log_->Append({.mark = &mark,
                              .entries = entries,
                              .hard_state = {base::Term(1), base::MemberId(1), base::Index(60)}})
                    .ok());
    const uint64_t end = log_->tail_offset();
    log_.reset();
    if (begin + kept > end) break;
    const auto file = *disk_.Open(SegmentPath(0, 0), runtime::OpenMode::kWrite);
    // Of a sector that the write before has begun that is there.
    const uint64_t from = std::max(begin + kept, begin + kSector);
    if (from < end) {
      ASSERT_TRUE(file->WriteAt(from, base::Bytes(end - from, '\0')).ok());
    }
    const auto newest = FindNewestMark(disk_, kDirectory);
    ASSERT_TRUE(newest.ok());
    auto opened = Log::Open(disk_, kDirectory, *newest, kLarge);
    ASSERT_TRUE(opened.ok()) << kept << ": " << opened.status().ToString();
    const Contents& contents = opened->contents;
    const base::Index last =
        contents.entries.empty() ? newest->index : contents.entries.back().index;
    EXPECT_LE(contents.hard_state.commit, last) << kept;
  }
}

TEST_F(WalLogTest, ABatchIsOneWriteAndOneSync) {
  Create();
  std::vector<raft::Entry> entries;
  for (uint64_t index = 1; index <= 20; ++index) {
    entries.push_back(
        {.term = base::Term(1), .index = base::Index(index), .data = base::SharedBytes("data")});
  }
  const uint64_t before = disk_.operation_count();
  ASSERT_TRUE(log_->Append({.entries = entries}).ok());
  EXPECT_EQ(disk_.operation_count() - before, 2u);
}

TEST_F(WalLogTest, APreparedSegmentSavesTheAppendFromMakingOne) {
  Create();
  const auto path = log_->RequestSegment();
  ASSERT_TRUE(path.has_value());
  EXPECT_FALSE(log_->RequestSegment().has_value());
  auto prepared = PrepareSegment(disk_, *path, kSmall.segment_bytes);
  ASSERT_TRUE(prepared.ok());
  log_->ProvideSegment(std::move(prepared));
  const uint64_t before = disk_.operation_count();
  ASSERT_TRUE(AppendEntry(1, 1, 5000).ok());
  ASSERT_EQ(log_->segments().size(), 2u);
  // Append: write, sync. Cut: truncate, sync, write, sync, rename, sync of the directory; and the
  // full segment is closed: truncate, sync.
  EXPECT_EQ(disk_.operation_count() - before, 10u);
  EXPECT_EQ(MustReopen().entries.size(), 1u);
}

TEST_F(WalLogTest, ASegmentInPreparationIsLeftAloneByACut) {
  Create();
  const auto path = log_->RequestSegment();
  auto prepared = PrepareSegment(disk_, *path, kSmall.segment_bytes);
  ASSERT_TRUE(AppendEntry(1, 1, 5000).ok());
  ASSERT_TRUE(AppendEntry(2, 1, 5000).ok());
  log_->ProvideSegment(std::move(prepared));
  ASSERT_TRUE(AppendEntry(3, 1, 5000).ok());
  EXPECT_EQ(MustReopen().entries.size(), 3u);
}

TEST_F(WalLogTest, ALogGoesOnUnderAnotherName) {
  Create();
  AppendEntries(1, 3);
  const auto path = log_->RequestSegment();
  auto prepared = PrepareSegment(disk_, *path, kSmall.segment_bytes);
  ASSERT_TRUE(prepared.ok());
  ASSERT_TRUE(log_->MoveTo("/member/moved").ok());
  EXPECT_FALSE(disk_.Exists(kDirectory).value());
  log_->ProvideSegment(std::move(prepared));
  AppendEntries(4, 100);
  EXPECT_GT(log_->segments().size(), 2u);
  log_.reset();
  disk_.Restart(CrashMode::kDropUnsynced);
  const auto opened = Log::Open(disk_, "/member/moved", {}, kSmall);
  ASSERT_TRUE(opened.ok()) << opened.status().ToString();
  EXPECT_EQ(opened->contents.entries.size(), 100u);
}

TEST_F(WalLogTest, APreparedSegmentMovesWithTheLog) {
  Create();
  const auto path = log_->RequestSegment();
  log_->ProvideSegment(PrepareSegment(disk_, *path, kSmall.segment_bytes));
  ASSERT_TRUE(log_->MoveTo("/member/moved").ok());
  AppendEntries(1, 100);
  log_.reset();
  const auto opened = Log::Open(disk_, "/member/moved", {}, kSmall);
  ASSERT_TRUE(opened.ok()) << opened.status().ToString();
  EXPECT_EQ(opened->contents.entries.size(), 100u);
}

TEST_F(WalLogTest, SegmentsAreGivenUpAndPurgedButNotWhatIsStillNeeded) {
  Create();
  AppendEntries(1, 150);
  AppendMark(100);
  const auto all = log_->segments();
  log_->Release(base::Index(100));
  const auto held = log_->segments();
  ASSERT_LT(held.size(), all.size());
  EXPECT_LE(held.front().first_index, base::Index(100));
  EXPECT_GT(held[1].first_index, base::Index(100));
  ASSERT_TRUE(log_->Purge(0).ok());
  const auto left = ListSegments(disk_, kDirectory);
  ASSERT_TRUE(left.ok());
  EXPECT_EQ(*left, held);
  EXPECT_EQ(MustReopen({base::Index(100), base::Term(1), {}}).entries.size(), 50u);
}

TEST_F(WalLogTest, PurgeKeepsAsManySegmentsAsItIsTold) {
  Create();
  AppendEntries(1, 150);
  AppendMark(140);
  const size_t count = log_->segments().size();
  log_->Release(base::Index(140));
  ASSERT_TRUE(log_->Purge(count - 1).ok());
  EXPECT_EQ(ListSegments(disk_, kDirectory)->size(), count - 1);
}

TEST_F(WalLogTest, WhatARepairHasKeptGoesAfterAsManySegments) {
  Create();
  AppendEntries(1, 150);
  AppendMark(140);
  log_->Release(base::Index(140));
  const auto names = log_->segments();
  std::vector<std::string> broken;
  for (uint64_t age : {3, 2, 1, 0}) {
    SegmentName name = names.back();
    name.sequence -= age;
    broken.push_back(runtime::JoinPath(kDirectory, name.ToString() + ".broken"));
    ASSERT_TRUE(disk_.Open(broken.back(), runtime::OpenMode::kCreate).ok());
  }
  ASSERT_TRUE(log_->Purge(2).ok());
  for (size_t i = 0; i < broken.size(); ++i) {
    EXPECT_EQ(disk_.Exists(broken[i]).value(), i >= 2) << broken[i];
  }
  ASSERT_TRUE(log_->Purge(0).ok());
  EXPECT_FALSE(disk_.Exists(broken[2]).value());
  EXPECT_TRUE(disk_.Exists(broken[3]).value()) << "it says that the last segment was repaired";
}

TEST_F(WalLogTest, AMissingSegmentIsNamed) {
  Create();
  AppendEntries(1, 150);
  const auto names = log_->segments();
  log_.reset();
  ASSERT_TRUE(disk_.Remove(runtime::JoinPath(kDirectory, names[1].ToString())).ok());
  const base::Status status = Reopen().status();
  EXPECT_EQ(status.code(), base::Code::kDataLoss);
  EXPECT_NE(status.message().find(names[2].ToString()), std::string::npos) << status.message();
}

TEST_F(WalLogTest, DamageInAnySegmentIsNamedByFileAndOffsetAndNothingIsChanged) {
  Create();
  AppendEntries(1, 20);
  const uint64_t damaged = log_->tail_offset();
  AppendEntries(21, 25);
  log_.reset();
  disk_.Corrupt(SegmentPath(0, 0), damaged + 40);
  const uint64_t before = disk_.operation_count();
  const base::Status status = Reopen().status();
  EXPECT_EQ(status.code(), base::Code::kDataLoss);
  EXPECT_EQ(status.message(), SegmentPath(0, 0) + ": damaged record at offset " +
                                  std::to_string(damaged) + ": checksum mismatch");
  EXPECT_EQ(disk_.operation_count(), before);
}

// etcd takes a length that points past the written part for a torn write, and truncates.
TEST_F(WalLogTest, ADamagedLengthIsNotTakenForATornWrite) {
  for (uint64_t byte = 0; byte < 8; ++byte) {
    SCOPED_TRACE(byte);
    ASSERT_TRUE(disk_.RemoveAll(kDirectory).ok());
    Create();
    AppendEntries(1, 5);
    const uint64_t damaged = log_->tail_offset();
    AppendEntries(6, 6);
    log_.reset();
    disk_.Corrupt(SegmentPath(0, 0), damaged + byte);
    EXPECT_EQ(Reopen().status().code(), base::Code::kDataLoss);
  }
}

TEST_F(WalLogTest, ATornEndIsCutOffAndACopyIsKept) {
  Create();
  AppendEntries(1, 5);
  const uint64_t end = log_->tail_offset();
  ASSERT_TRUE(AppendEntry(6, 1, 2000).ok());
  log_.reset();
  {
    auto file = disk_.Open(SegmentPath(0, 0), runtime::OpenMode::kWrite);
    ASSERT_TRUE(file.value()->WriteAt(1024, base::Bytes(512, '\0')).ok());
  }
  auto opened = Reopen();
  ASSERT_TRUE(opened.ok()) << opened.status().ToString();
  EXPECT_TRUE(opened->repaired);
  EXPECT_EQ(opened->cut_off->offset, end);
  EXPECT_EQ(Indexes(opened->contents), (std::vector<uint64_t>{1, 2, 3, 4, 5}));
  EXPECT_TRUE(disk_.Exists(SegmentPath(0, 0) + ".broken").value());
  log_ = std::move(opened->log);
  ASSERT_TRUE(AppendEntry(6, 2).ok());
  EXPECT_EQ(MustReopen().entries.size(), 6u);
}

TEST_F(WalLogTest, ASegmentThatGrewAndEndsWithinARecordIsRepairedAndMadeWhole) {
  disk_.SetCapacity(kDiskReserveBytes);
  Create();
  EXPECT_FALSE(log_->is_preallocated());
  AppendEntries(1, 5);
  const uint64_t end = log_->tail_offset();
  AppendEntries(6, 6);
  log_.reset();
  const base::Bytes bytes = *runtime::ReadFile(disk_, SegmentPath(0, 0));
  disk_.SetCapacity(1 << 30);
  for (const uint64_t kept : {3, 8, 11, 30}) {
    auto file = disk_.Open(SegmentPath(0, 0), runtime::OpenMode::kWrite);
    ASSERT_TRUE(file.value()->Truncate(0).ok());
    ASSERT_TRUE(file.value()->WriteAt(0, bytes.substr(0, end + kept)).ok());
    EXPECT_EQ(MustReopen().entries.size(), 5u) << kept;
    EXPECT_EQ(file.value()->Size().value(), kSmall.segment_bytes);
    ASSERT_TRUE(AppendEntry(6).ok());
    log_.reset();
    ASSERT_TRUE(disk_.Remove(SegmentPath(0, 0) + ".broken").ok());
  }
}

TEST_F(WalLogTest, OnAFullDiskATornEndIsCutOffWithoutACopy) {
  Create();
  AppendEntries(1, 5);
  const uint64_t end = log_->tail_offset();
  AppendEntries(6, 6);
  const auto prepared = log_->RequestSegment();
  ASSERT_TRUE(PrepareSegment(disk_, *prepared, kSmall.segment_bytes).ok());
  log_.reset();
  ASSERT_TRUE(disk_.Open(SegmentPath(0, 0), runtime::OpenMode::kWrite)
                  .value()
                  ->WriteAt(end, base::Bytes(512 - end % 512, '\0'))
                  .ok());
  const base::Bytes torn = *runtime::ReadFile(disk_, SegmentPath(0, 0));
  // The prepared segment gives its room: there is a copy.
  disk_.SetCapacity(2 * kSmall.segment_bytes);
  auto opened = Reopen();
  ASSERT_TRUE(opened.ok()) << opened.status().ToString();
  EXPECT_EQ(opened->cut_off->copy, SegmentPath(0, 0) + ".broken");
  EXPECT_FALSE(disk_.Exists(*prepared).value());
  opened->log.reset();
  // And without that there is none.
  ASSERT_TRUE(disk_.Remove(SegmentPath(0, 0) + ".broken").ok());
  ASSERT_TRUE(
      disk_.Open(SegmentPath(0, 0), runtime::OpenMode::kWrite).value()->WriteAt(0, torn).ok());
  disk_.SetCapacity(kSmall.segment_bytes + 100);
  opened = Reopen();
  ASSERT_TRUE(opened.ok()) << opened.status().ToString();
  EXPECT_EQ(opened->cut_off->copy, "");
  EXPECT_EQ(opened->contents.entries.size(), 5u);
  EXPECT_FALSE(disk_.Exists(SegmentPath(0, 0) + ".broken").value());
}

TEST_F(WalLogTest, ACrashMayCutWhatAStartWritesAnywhere) {
  for (uint64_t shift = 0; shift < 1024; shift += 8) {
    SCOPED_TRACE(shift);
    ASSERT_TRUE(disk_.RemoveAll(kDirectory).ok());
    Create();
    ASSERT_TRUE(AppendEntry(1, 1, shift).ok());
    const uint64_t begin = log_->tail_offset();
    EXPECT_EQ(MustReopen().entries.size(), 1u);
    const uint64_t end = log_->tail_offset();
    log_.reset();
    const base::Bytes bytes = *runtime::ReadFile(disk_, SegmentPath(0, 0));
    // Each sector that a power cut may lose of it.
    for (uint64_t sector = begin / 512; sector <= (end - 1) / 512; ++sector) {
      base::Bytes torn = bytes;
      const uint64_t from = std::max(begin, sector * 512);
      const uint64_t to = std::min(end, (sector + 1) * 512);
      std::fill(torn.begin() + static_cast<ptrdiff_t>(from),
                torn.begin() + static_cast<ptrdiff_t>(to), '\0');
      ASSERT_TRUE(
          disk_.Open(SegmentPath(0, 0), runtime::OpenMode::kWrite).value()->WriteAt(0, torn).ok());
      EXPECT_EQ(MustReopen().entries.size(), 1u);
      log_.reset();
    }
  }
}

TEST_F(WalLogTest, BytesBehindTheEndDoNotComeBack) {
  Create();
  AppendEntries(1, 5);
  const uint64_t end = log_->tail_offset();
  log_.reset();
  {
    auto file = disk_.Open(SegmentPath(0, 0), runtime::OpenMode::kWrite);
    ASSERT_TRUE(file.value()->WriteAt(end + 64, "what a lost sector left behind").ok());
  }
  EXPECT_EQ(MustReopen().entries.size(), 5u);
  AppendEntries(6, 8);
  EXPECT_EQ(MustReopen().entries.size(), 8u);
}

TEST_F(WalLogTest, AFullDiskIsReportedAndWhatWasAcknowledgedStays) {
  Create();
  AppendEntries(1, 5);
  disk_.SetCapacity(kSmall.segment_bytes);
  uint64_t acknowledged = 5;
  base::Status status;
  while ((status = AppendEntry(acknowledged + 1)).ok()) ++acknowledged;
  EXPECT_EQ(status.code(), base::Code::kResourceExhausted);
  disk_.SetCapacity(1 << 30);
  EXPECT_GE(MustReopen().entries.size(), acknowledged);
}

// The disk fills up at any byte, and has room again.
TEST_F(WalLogTest, AWriteWithoutRoomIsTriedAgain) {
  int total = 0;
  for (uint64_t room = 0; room < 3 * kSmall.segment_bytes; room += 97) {
    SCOPED_TRACE(room);
    disk_.SetCapacity(1 << 30);
    ASSERT_TRUE(disk_.RemoveAll(kDirectory).ok());
    Create();
    AppendEntries(1, 3);
    const uint64_t used = (1 << 30) - *disk_.FreeBytes("/");
    disk_.SetCapacity(used + room);
    uint64_t index = 4;
    int refused = 0;
    while (index < 80) {
      const SnapshotMark mark{base::Index(index - 2), base::Term(1), {}};
      const raft::Entry entry{.term = base::Term(1),
                              .index = base::Index(index),
                              .data = base::SharedBytes(DataOf(index, 100))};
      const raft::HardState state{base::Term(1), base::MemberId(1), base::Index(index - 1)};
      Batch batch{.entries = {&entry, 1}, .hard_state = state};
      if (index % 7 == 0) batch.mark = &mark;
      const base::Status status = log_->Append(batch);
      if (status.ok()) {
        ++index;
        continue;
      }
      ASSERT_EQ(status.code(), base::Code::kResourceExhausted) << status.ToString();
      ASSERT_EQ(log_->Append(batch).code(), base::Code::kResourceExhausted);
      disk_.SetCapacity(used + room + static_cast<uint64_t>(++refused) * 2'000);
    }
    total += refused;
    disk_.SetCapacity(1 << 30);
    const Contents contents = MustReopen();
    ASSERT_EQ(contents.entries.back().index, base::Index(79));
    ASSERT_EQ(contents.hard_state.commit, base::Index(78));
    log_.reset();
  }
  EXPECT_GT(total, 100);
}

TEST_F(WalLogTest, TheSegmentAtHandIsGivenBack) {
  Create();
  const std::optional<std::string> path = log_->RequestSegment();
  log_->ProvideSegment(PrepareSegment(disk_, *path, kSmall.segment_bytes));
  disk_.SetCapacity(3 * kSmall.segment_bytes);
  EXPECT_EQ(*disk_.FreeBytes("/"), kSmall.segment_bytes);
  EXPECT_TRUE(log_->DropSpare().ok());
  EXPECT_EQ(*disk_.FreeBytes("/"), 2 * kSmall.segment_bytes);
  EXPECT_TRUE(log_->RequestSegment().has_value());
  log_->ProvideSegment(base::Status(base::Code::kUnavailable, "planted"));
  uint64_t index = 0;
  while (log_->segments().size() == 1) ASSERT_TRUE(AppendEntry(++index).ok());
  EXPECT_EQ(MustReopen().entries.size(), index);
}

TEST_F(WalLogTest, WithoutRoomForASegmentWhatIsWrittenStays) {
  Create();
  disk_.SetCapacity(kSmall.segment_bytes);
  uint64_t index = 0;
  while (AppendEntry(index + 1).ok()) ++index;
  EXPECT_EQ(log_->segments().size(), 1u);
  EXPECT_EQ(AppendEntry(index + 1).code(), base::Code::kResourceExhausted);
  disk_.SetCapacity(1 << 30);
  EXPECT_TRUE(AppendEntry(index + 1).ok());
  EXPECT_EQ(log_->segments().size(), 2u);
  EXPECT_EQ(MustReopen().entries.size(), index + 1);
}

TEST_F(WalLogTest, AFullSegmentSaysThatAnotherOneFollows) {
  Create();
  uint64_t index = 0;
  while (log_->segments().size() < 4) ASSERT_TRUE(AppendEntry(++index).ok());
  const std::vector<SegmentName> names = log_->segments();
  for (size_t i = 0; i < names.size(); ++i) {
    const std::string path = runtime::JoinPath(kDirectory, names[i].ToString());
    const base::Bytes bytes = *runtime::ReadFile(disk_, path);
    const uint64_t written = bytes.find_last_not_of('\0') / 8 * 8 + 8;
    if (i + 1 < names.size()) {
      EXPECT_GE(written, kSmall.segment_bytes);
      EXPECT_EQ(bytes.size(), written + kClosingBytes);
    } else {
      EXPECT_EQ(bytes.size(), kSmall.segment_bytes);
    }
  }
  EXPECT_EQ(MustReopen().entries.size(), index);
}

// Wherever the power fails while a segment is cut: what is written behind it is not lost unseen.
TEST_F(WalLogTest, AStartClosesWhatACrashHasLeftOpen) {
  size_t left_open = 0;
  bool is_acknowledged = false;
  for (uint64_t failing = 1; !is_acknowledged; ++failing) {
    SCOPED_TRACE("power fails at change " + std::to_string(failing));
    ASSERT_TRUE(disk_.RemoveAll(kDirectory).ok());
    Create();
    disk_.FailPowerAfter(failing);
    is_acknowledged = AppendEntry(1, 1, 5000).ok();
    log_.reset();
    disk_.Restart(runtime::simulated::CrashMode::kDropUnsynced);
    if (ListSegments(disk_, kDirectory)->size() < 2) continue;
    left_open += is_acknowledged ? 0 : 1;
    ASSERT_EQ(MustReopen().entries.size(), 1u);
    ASSERT_TRUE(AppendEntry(2).ok());
    ASSERT_TRUE(disk_.Remove(SegmentPath(1, 2)).ok());
    const base::Status status = Reopen().status();
    EXPECT_EQ(status.code(), base::Code::kDataLoss);
    EXPECT_EQ(status.message(),
              SegmentPath(0, 0) + ": the segment behind it is gone; this one ends at entry 1");
  }
  EXPECT_EQ(left_open, 2u);  // before the truncation, and before its sync
}

TEST_F(WalLogTest, ASegmentTakesNoneOfTheLastSpaceBeforeItIsWritten) {
  Create();
  EXPECT_TRUE(log_->is_preallocated());
  disk_.SetCapacity(2 * kSmall.segment_bytes + kDiskReserveBytes - 1);
  uint64_t index = 0;
  while (log_->segments().size() == 1) {
    ++index;
    AppendEntries(index, index);
  }
  EXPECT_FALSE(log_->is_preallocated());
  EXPECT_EQ(runtime::ReadFile(disk_, SegmentPath(1, index + 1))->size(), log_->tail_offset());
  AppendEntries(index + 1, index + 3);
  EXPECT_EQ(MustReopen().entries.size(), index + 3);
  EXPECT_FALSE(log_->is_preallocated());
  disk_.SetCapacity(1 << 30);
  EXPECT_EQ(MustReopen().entries.size(), index + 3);
  EXPECT_TRUE(log_->is_preallocated());
}

TEST_F(WalLogTest, AFailedSyncIsReported) {
  Create();
  AppendEntries(1, 5);
  disk_.FailSyncAfter(1);
  EXPECT_FALSE(AppendEntry(6).ok());
  EXPECT_DEATH(AppendEntry(7).IgnoreError(), "failed_");
}

TEST_F(WalLogTest, AReadOnlyDiskIsReportedByTheFirstChange) {
  Create();
  disk_.SetReadOnly(true);
  EXPECT_EQ(AppendEntry(1).code(), base::Code::kPermissionDenied);
}

}  // namespace
}  // namespace wal
