#include "storage/wal/log_end.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "raft/codec.h"
#include "runtime/random.h"
#include "runtime/simulated/disk.h"
#include "storage/wal/log.h"
#include "storage/wal/record.h"

// The end of a log, damaged and cut at every place: what crashes leave is cut off, and what was
// acknowledged is refused to be.

namespace wal {
namespace {

constexpr std::string_view kDirectory = "/wal";
constexpr uint64_t kSegmentBytesOfTest = 8192;
constexpr Log::Options kOptions{
    .segment_bytes = kSegmentBytesOfTest, .covered = {}, .is_sole_voter = true};

// A record of the log, and the write that made it, from 1 on; 0 is the log's founding.
struct Place {
  uint64_t offset = 0;
  uint64_t end = 0;
  RecordType type{};
  size_t write = 0;
  uint64_t index = 0;  // of an entry
};

class LogEndTest : public ::testing::Test {
 protected:
  // Writes of so many entries each, of the sizes that follow one another in turn. The first entry
  // is `shift` bytes longer, so that all later offsets are.
  void Make(const std::vector<size_t>& writes, const std::vector<size_t>& sizes, size_t shift = 0) {
    disk_ = std::make_unique<runtime::simulated::Disk>(1);
    auto log = Log::Create(*disk_, kDirectory, "metadata", kOptions).value();
    path_ = runtime::JoinPath(kDirectory, log->segments().front().ToString());
    std::vector<uint64_t> ends = {log->tail_offset()};
    last_of_.assign(1, 0);
    uint64_t index = 0;
    for (const size_t count : writes) {
      const raft::HardState state{base::Term(1), base::MemberId(1), base::Index(index)};
      std::vector<raft::Entry> entries;
      for (size_t i = 0; i < count; ++i) {
        ++index;
        const size_t size = sizes[index % sizes.size()] + (index == 1 ? shift : 0);
        entries.push_back(
            {.term = base::Term(1),
             .index = base::Index(index),
             .data = base::SharedBytes(base::Bytes(size, static_cast<char>('a' + index % 26)))});
      }
      ASSERT_TRUE(log->Append({.entries = entries, .hard_state = state}).ok());
      ends.push_back(log->tail_offset());
      last_of_.push_back(index);
    }
    log.reset();
    bytes_ = *runtime::ReadFile(*disk_, path_);
    end_ = ends.back();
    writes_ = writes.size();
    ASSERT_LT(end_, kSegmentBytesOfTest);
    FindPlaces(ends);
  }
  void FindPlaces(const std::vector<uint64_t>& ends) {
    places_.clear();
    size_t write = 0;
    for (uint64_t offset = 0; offset < end_;) {
      while (offset >= ends[write]) ++write;
      const FrameLength length = ParseFrameLength(base::Load64Le(bytes_.data() + offset));
      Record record;
      ASSERT_TRUE(ParseRecord(
          base::ByteView(bytes_).substr(offset + kFrameLengthBytes, length.body_bytes), &record));
      const uint64_t end = offset + kFrameLengthBytes + length.body_bytes + length.pad_bytes;
      Place place{offset, end, record.type, write};
      if (record.type == RecordType::kEntry) {
        place.index = raft::DecodeEntry(record.data)->index.value();
      }
      places_.push_back(place);
      offset = end;
    }
  }

  // The log with these bytes instead.
  base::Result<Log::Opened> Open(const base::Bytes& bytes, const Log::Options& options = kOptions) {
    disk_ = std::make_unique<runtime::simulated::Disk>(1);
    EXPECT_TRUE(disk_->CreateDirectories(kDirectory).ok());
    {
      auto file = disk_->Open(path_, runtime::OpenMode::kCreate).value();
      EXPECT_TRUE(file->WriteAt(0, bytes).ok() && file->Sync().ok());
    }
    if (was_repaired_) {
      EXPECT_TRUE(disk_->Open(path_ + ".broken", runtime::OpenMode::kCreate).ok());
    }
    return Log::Open(*disk_, kDirectory, {}, options);
  }
  static uint64_t LastIndex(const Log::Opened& opened) {
    const auto& entries = opened.contents.entries;
    return entries.empty() ? 0 : entries.back().index.value();
  }
  // It opens with the first `entries` at least, in order and as they were, and can be used.
  void ExpectOpens(const base::Bytes& bytes, uint64_t entries) {
    auto opened = Open(bytes);
    ASSERT_TRUE(opened.ok()) << opened.status().ToString();
    const uint64_t last = LastIndex(*opened);
    ASSERT_GE(last, entries);
    ASSERT_EQ(opened->contents.entries.size(), last);
    if (opened->cut_off.has_value()) {
      ASSERT_TRUE(*runtime::ReadFile(*disk_, opened->cut_off->copy) == bytes);
      ASSERT_EQ(opened->cut_off->last_index, base::Index(last));
    }
    const raft::Entry next{.term = base::Term(2), .index = base::Index(last + 1)};
    ASSERT_TRUE(opened->log->Append({.entries = {&next, 1}}).ok());
    opened->log.reset();
    opened = Log::Open(*disk_, kDirectory, {}, kOptions);
    ASSERT_TRUE(opened.ok()) << opened.status().ToString();
    ASSERT_EQ(LastIndex(*opened), last + 1);
    ASSERT_FALSE(opened->cut_off.has_value());
  }
  void ExpectRefused(const base::Bytes& bytes) {
    const auto opened = Open(bytes);
    ASSERT_EQ(opened.status().code(), base::Code::kDataLoss)
        << (opened.ok() ? "opened up to entry " + std::to_string(LastIndex(*opened)) : "");
    const std::string_view message = opened.status().message();
    ASSERT_TRUE(message.starts_with(path_ + ": damaged record at offset ") ||
                message.starts_with(path_ + ": damaged at offset "))
        << message;
    ASSERT_TRUE(*runtime::ReadFile(*disk_, path_) == bytes);
  }

  // What is to become of the log whose records in [first, last] are lost, by what is left of it.
  enum class Wanted { kOpens, kRefused, kEither };
  Wanted WantedAfter(const Place& first, uint64_t lost_end) const {
    if (first.write == writes_) return Wanted::kOpens;
    for (const Place& place : places_) {
      if (place.offset < lost_end || place.write <= first.write) continue;
      // A later write whose end is there proves that it was one; unless all that is lost of the
      // one before is its end, and the last write's beginning is lost with it.
      const bool only_its_end = first.type == RecordType::kState && place.write == first.write + 1;
      const bool begun = lost_end <= BeginOf(place.write);
      if (place.type == RecordType::kState && (!only_its_end || begun)) return Wanted::kRefused;
    }
    return Wanted::kEither;
  }
  uint64_t BeginOf(size_t write) const {
    for (const Place& place : places_) {
      if (place.write == write) return place.offset;
    }
    return end_;
  }
  const Place& PlaceAt(uint64_t offset) const {
    for (const Place& place : places_) {
      if (offset < place.end) return place;
    }
    return places_.back();
  }
  uint64_t LastBefore(size_t write) const { return last_of_[write - 1]; }

  std::unique_ptr<runtime::simulated::Disk> disk_;
  std::string path_;
  base::Bytes bytes_;  // of the segment
  uint64_t end_ = 0;   // of the last write
  size_t writes_ = 0;
  std::vector<uint64_t> last_of_;  // the last entry's index, by write
  std::vector<Place> places_;
  bool was_repaired_ = false;  // a copy of the segment was kept, as a repair does
};

TEST_F(LogEndTest, APowerCutMayLeaveAnySectorsOfTheLastWrite) {
  for (size_t shift = 0; shift < kSectorBytes; shift += kFrameAlignment) {
    Make({1, 2, 4}, {100, 700, 30, 480}, shift);
    const uint64_t begin = BeginOf(writes_);
    const uint64_t first = begin / kSectorBytes;
    const uint64_t count = (end_ - 1) / kSectorBytes - first + 1;
    for (uint64_t lost = 1; lost < uint64_t{1} << count; ++lost) {
      SCOPED_TRACE("shift " + std::to_string(shift) + ", lost sectors " + std::to_string(lost));
      base::Bytes bytes = bytes_;
      for (uint64_t sector = 0; sector < count; ++sector) {
        if ((lost >> sector & 1) == 0) continue;
        const uint64_t from = std::max(begin, (first + sector) * kSectorBytes);
        const uint64_t to = std::min(end_, (first + sector + 1) * kSectorBytes);
        std::fill(bytes.begin() + static_cast<long>(from), bytes.begin() + static_cast<long>(to),
                  '\0');
      }
      ExpectOpens(bytes, LastBefore(writes_));
      if (HasFatalFailure()) return;
    }
  }
}

// Of several members: a term or a vote is written alone, and entries may replace earlier ones.
class FollowerLogEndTest : public LogEndTest, public ::testing::WithParamInterface<uint64_t> {
 protected:
  static std::vector<raft::Entry> Entries(uint64_t first, uint64_t count, uint64_t term) {
    std::vector<raft::Entry> entries;
    for (uint64_t index = first; index < first + count; ++index) {
      entries.push_back({.term = base::Term(term),
                         .index = base::Index(index),
                         .data = base::SharedBytes(base::Bytes(600, 'a'))});
    }
    return entries;
  }
};

TEST_P(FollowerLogEndTest, APowerCutMayLeaveAnySectorsOfTheLastWrite) {
  Log::Options options = kOptions;
  options.is_sole_voter = false;
  disk_ = std::make_unique<runtime::simulated::Disk>(1);
  auto log = Log::Create(*disk_, kDirectory, "metadata", options).value();
  const std::string path = runtime::JoinPath(kDirectory, log->segments().front().ToString());
  const auto state = [](uint64_t term) {
    return raft::HardState{base::Term(term), base::MemberId(1), base::Index(1)};
  };
  const std::vector<raft::Entry> before = Entries(1, 3, 1);
  ASSERT_TRUE(log->Append({.entries = before, .hard_state = state(1)}).ok());
  ASSERT_TRUE(log->Append({.hard_state = state(2)}).ok());
  ASSERT_TRUE(log->Append({.hard_state = state(3)}).ok());
  const uint64_t begin = log->tail_offset();
  const std::vector<raft::Entry> last = Entries(GetParam(), 4, 3);
  ASSERT_TRUE(log->Append({.entries = last, .hard_state = state(3)}).ok());
  const uint64_t end = log->tail_offset();
  log.reset();
  const base::Bytes whole = *runtime::ReadFile(*disk_, path);
  const uint64_t first_sector = (begin + 511) / 512;
  const uint64_t sectors = (end + 511) / 512 - first_sector;
  for (uint64_t kept = 0; kept < (uint64_t{1} << sectors); ++kept) {
    base::Bytes bytes = whole;
    for (uint64_t sector = 0; sector < sectors; ++sector) {
      if (((kept >> sector) & 1) != 0) continue;
      std::fill_n(bytes.begin() + static_cast<ptrdiff_t>((first_sector + sector) * 512), 512, '\0');
    }
    disk_ = std::make_unique<runtime::simulated::Disk>(1);
    ASSERT_TRUE(disk_->CreateDirectories(kDirectory).ok());
    {
      auto file = disk_->Open(path, runtime::OpenMode::kCreate).value();
      ASSERT_TRUE(file->WriteAt(0, bytes).ok() && file->Sync().ok());
    }
    const auto opened = Log::Open(*disk_, kDirectory, {}, options);
    ASSERT_TRUE(opened.ok()) << "kept " << kept << ": " << opened.status().ToString();
    EXPECT_EQ(opened->contents.hard_state.term, base::Term(3));
    EXPECT_GE(opened->contents.entries.size(), std::min<uint64_t>(3, GetParam() - 1));
  }
}

INSTANTIATE_TEST_SUITE_P(FirstIndex, FollowerLogEndTest, ::testing::Values(2, 3, 4));

// Between two bytes of the index of an entry without data, with which its record ends: what is left
// reads as a smaller one.
TEST_F(LogEndTest, APowerCutMayCutANumberOff) {
  constexpr uint64_t kBefore = 199;
  Log::Options options = kOptions;
  options.segment_bytes = 32 * 1024;
  options.is_sole_voter = false;
  const auto entries = [](uint64_t first, uint64_t count, size_t second_size) {
    std::vector<raft::Entry> made;
    for (uint64_t i = 0; i < count; ++i) {
      made.push_back({.term = base::Term(1),
                      .index = base::Index(first + i),
                      .data = base::SharedBytes(base::Bytes(i == 1 ? second_size : 0, 'a'))});
    }
    return made;
  };
  const raft::HardState state{base::Term(1), base::MemberId(1), base::Index(1)};
  for (size_t shift = 0; shift < kSectorBytes; shift += kFrameAlignment) {
    disk_ = std::make_unique<runtime::simulated::Disk>(1);
    auto log = Log::Create(*disk_, kDirectory, "metadata", options).value();
    path_ = runtime::JoinPath(kDirectory, log->segments().front().ToString());
    ASSERT_TRUE(log->Append({.entries = entries(1, kBefore, 1), .hard_state = state}).ok());
    const uint64_t begin = log->tail_offset();
    const auto last = entries(kBefore + 1, 30, kSectorBytes + shift);
    ASSERT_TRUE(log->Append({.entries = last, .hard_state = state}).ok());
    const uint64_t end = log->tail_offset();
    log.reset();
    const base::Bytes whole = *runtime::ReadFile(*disk_, path_);
    const uint64_t first = begin / kSectorBytes + 1;
    // The first entry is there, and the second lost in part.
    for (uint64_t kept = first + 1; kept * kSectorBytes < end; ++kept) {
      base::Bytes bytes = whole;
      std::fill(bytes.begin() + static_cast<ptrdiff_t>(first * kSectorBytes),
                bytes.begin() + static_cast<ptrdiff_t>(kept * kSectorBytes), '\0');
      std::fill(bytes.begin() + static_cast<ptrdiff_t>((kept + 1) * kSectorBytes), bytes.end(),
                '\0');
      const auto opened = Open(bytes, options);
      ASSERT_TRUE(opened.ok()) << "shift " << shift << ", kept sector " << kept << ": "
                               << opened.status().ToString();
      EXPECT_EQ(LastIndex(*opened), kBefore + 1);
    }
  }
}

TEST_F(LogEndTest, ZeroedSectorsBeforeALaterWriteAreDamage) {
  int refused = 0;
  for (size_t shift = 0; shift < kSectorBytes; shift += kFrameAlignment) {
    Make({1, 3, 1, 2, 1, 2}, {100, 700, 30, 480}, shift);
    const uint64_t sectors = (end_ - 1) / kSectorBytes + 1;
    for (uint64_t first = BeginOf(1) / kSectorBytes + 1; first < sectors; ++first) {
      for (uint64_t last = first; last < sectors; ++last) {
        SCOPED_TRACE("shift " + std::to_string(shift) + ", sectors " + std::to_string(first) +
                     " to " + std::to_string(last));
        base::Bytes bytes = bytes_;
        const uint64_t from = first * kSectorBytes;
        const uint64_t to = std::min(end_, (last + 1) * kSectorBytes);
        std::fill(bytes.begin() + static_cast<long>(from), bytes.begin() + static_cast<long>(to),
                  '\0');
        const Place& lost = PlaceAt(from);
        switch (WantedAfter(lost, to)) {
          case Wanted::kOpens:
            ExpectOpens(bytes, LastBefore(writes_));
            break;
          case Wanted::kRefused:
            ExpectRefused(bytes);
            ++refused;
            break;
          case Wanted::kEither:
            break;
        }
        if (HasFatalFailure()) return;
      }
    }
  }
  EXPECT_GT(refused, 1000);
}

TEST_F(LogEndTest, AnyDamagedByteOfTheLogIsRefusedOrWithoutEffect) {
  Make({1, 2, 1}, {100, 600, 30});
  for (uint64_t offset = BeginOf(1); offset < end_; ++offset) {
    for (int bit = 0; bit < 8; ++bit) {
      SCOPED_TRACE("offset " + std::to_string(offset) + ", bit " + std::to_string(bit));
      base::Bytes bytes = bytes_;
      bytes[offset] = static_cast<char>(bytes[offset] ^ (1 << bit));
      auto opened = Open(bytes);
      if (opened.ok()) {
        ASSERT_EQ(LastIndex(*opened), last_of_.back()) << "record at " << PlaceAt(offset).offset;
        ASSERT_FALSE(opened->cut_off.has_value());
      } else {
        ASSERT_EQ(opened.status().code(), base::Code::kDataLoss);
      }
    }
  }
}

TEST_F(LogEndTest, JunkBehindTheLastRecordIsCutOff) {
  Make({1, 2, 1}, {100, 600, 30});
  runtime::Random random(3);
  for (uint64_t offset = end_; offset < end_ + 2 * kSectorBytes; ++offset) {
    for (const char byte : {'\x01', '\x08', '\x40', '\x80', '\x81', '\xff'}) {
      SCOPED_TRACE("offset " + std::to_string(offset) + ", byte " + std::to_string(byte));
      base::Bytes bytes = bytes_;
      bytes[offset] = byte;
      ExpectOpens(bytes, last_of_.back());
      if (HasFatalFailure()) return;
    }
    base::Bytes bytes = bytes_;
    for (uint64_t i = offset; i < std::min<uint64_t>(offset + 100, bytes.size()); ++i) {
      bytes[i] = static_cast<char>(random.Below(256));
    }
    SCOPED_TRACE("random junk at " + std::to_string(offset));
    ExpectOpens(bytes, last_of_.back());
    if (HasFatalFailure()) return;
  }
}

// No crash does that: the file had its space, durably, before the first write.
TEST_F(LogEndTest, AFileThatWasCutShortIsRefused) {
  Make({1, 2, 1}, {100, 600, 30});
  for (uint64_t size = BeginOf(1); size < bytes_.size(); ++size) {
    SCOPED_TRACE("size " + std::to_string(size));
    ExpectRefused(bytes_.substr(0, size));
    if (HasFatalFailure()) return;
  }
}

TEST_F(LogEndTest, AFileThatARepairCutShortHasAllRecordsBefore) {
  Make({1, 2, 1}, {100, 600, 30});
  was_repaired_ = true;
  for (uint64_t size = BeginOf(1); size < end_; ++size) {
    SCOPED_TRACE("size " + std::to_string(size));
    uint64_t whole = 0;
    for (const Place& place : places_) {
      if (place.end <= size) whole = std::max(whole, place.index);
    }
    ExpectOpens(bytes_.substr(0, size), whole);
    if (HasFatalFailure()) return;
  }
}

// As the builds before wrote it, and etcd does: a write need not end in a hard state.
class OldLogEndTest : public LogEndTest {
 protected:
  void Make(bool with_state_each) {
    base::Bytes bytes;
    RecordWriter writer(0, &bytes);
    writer.AppendCrc();
    writer.Append(RecordType::kMetadata, "metadata");
    base::Bytes payload;
    AppendSnapshotMark({}, &payload);
    writer.Append(RecordType::kSnapshot, payload);
    offsets_.clear();
    for (uint64_t index = 1; index <= 6; ++index) {
      offsets_.push_back(bytes.size());
      payload.clear();
      raft::Encode(raft::Entry{.term = base::Term(1),
                               .index = base::Index(index),
                               .data = base::SharedBytes(base::Bytes(1200, 'v'))},
                   &payload);
      writer.Append(RecordType::kEntry, payload);
      if (!with_state_each && index > 1) continue;
      payload.clear();
      raft::Encode(raft::HardState{base::Term(1), base::MemberId(1), base::Index(index - 1)},
                   &payload);
      writer.Append(RecordType::kState, payload);
    }
    end_ = bytes.size();
    bytes.resize(kSegmentBytesOfTest);
    bytes_ = std::move(bytes);
    path_ = runtime::JoinPath(kDirectory, SegmentName{}.ToString());
  }
  base::Bytes WithoutSector(uint64_t offset) const {
    base::Bytes bytes = bytes_;
    bytes.replace(offset / kSectorBytes * kSectorBytes, kSectorBytes, kSectorBytes, '\0');
    return bytes;
  }

  std::vector<uint64_t> offsets_;  // of the entries
};

TEST_F(OldLogEndTest, ItStarts) {
  for (const bool with_state_each : {false, true}) {
    Make(with_state_each);
    ExpectOpens(bytes_, 6);
  }
}

TEST_F(OldLogEndTest, ATornLastRecordIsCutOff) {
  for (const bool with_state_each : {false, true}) {
    Make(with_state_each);
    ExpectOpens(WithoutSector(offsets_.back() + kSectorBytes), 5);
  }
}

TEST_F(OldLogEndTest, WhatMayHaveBeenAcknowledgedIsRefused) {
  for (const bool with_state_each : {false, true}) {
    Make(with_state_each);
    for (size_t entry = 0; entry + 1 < offsets_.size(); ++entry) {
      ExpectRefused(WithoutSector(offsets_[entry] + kSectorBytes));
    }
  }
}

TEST_F(LogEndTest, ALogThatEndsBelowTheDatabaseBeginsAnewThere) {
  Make({1, 2, 1}, {100, 600, 30});
  for (const uint64_t covered : {4, 5, 90}) {
    ASSERT_TRUE(Open(bytes_).ok());
    const SnapshotMark mark{base::Index(covered), base::Term(3), "voters"};
    auto opened = Log::OpenBelow(*disk_, kDirectory, mark, kOptions);
    if (covered == 4) {
      EXPECT_EQ(opened.status().code(), base::Code::kDataLoss);
      continue;
    }
    ASSERT_TRUE(opened.ok()) << opened.status().ToString();
    EXPECT_EQ(opened->contents.metadata, "metadata");
    EXPECT_EQ(opened->contents.hard_state,
              (raft::HardState{base::Term(3), {}, base::Index(covered)}));
    const raft::Entry next{.term = base::Term(4), .index = base::Index(covered + 1)};
    ASSERT_TRUE(opened->log->Append({.entries = {&next, 1}}).ok());
    opened->log.reset();
    EXPECT_EQ(FindNewestMark(*disk_, kDirectory).value(), mark);
    const auto again = Log::Open(*disk_, kDirectory, mark, kOptions);
    ASSERT_TRUE(again.ok()) << again.status().ToString();
    EXPECT_EQ(again->contents.entries.size(), 1u);
  }
}

}  // namespace
}  // namespace wal
