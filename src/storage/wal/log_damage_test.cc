#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/varint.h"
#include "runtime/simulated/disk.h"
#include "storage/wal/log.h"
#include "storage/wal/record.h"

// Logs with damage of every kind at every kind of place: what crashes leave is repaired, all else
// is refused by name and nothing is changed, unless the database covers what was lost.

namespace wal {
namespace {

constexpr std::string_view kDirectory = "/wal";
constexpr uint64_t kSegmentBytesOfTest = 4096;
constexpr uint64_t kEntries = 90;

Log::Options OptionsOf(uint64_t covered) {
  return {.segment_bytes = kSegmentBytesOfTest, .covered = base::Index(covered)};
}

SnapshotMark MarkOf(uint64_t covered) {
  if (covered == 0) return {};
  return {base::Index(covered), base::Term(1), "voters"};
}

// A record in a segment.
struct Place {
  std::string path;
  uint64_t offset = 0;  // of its frame
  uint64_t bytes = 0;   // of its frame
  RecordType type{};
  base::Index index;  // of an entry
};

class LogDamageTest : public ::testing::Test {
 protected:
  using Files = std::map<std::string, base::Bytes>;

  LogDamageTest() : disk_(1) {
    auto log = Log::Create(disk_, kDirectory, "metadata", OptionsOf(0)).value();
    for (uint64_t index = 1; index <= kEntries; ++index) {
      // The last one is larger than a sector, so that it may be torn.
      const size_t bytes = index == kEntries ? 3 * kSectorBytes : 100;
      const raft::Entry entry{
          .term = base::Term(1),
          .index = base::Index(index),
          .data = base::SharedBytes(base::Bytes(bytes, static_cast<char>('a' + index % 26)))};
      const raft::HardState state{base::Term(1), base::MemberId(1), base::Index(index - 1)};
      EXPECT_TRUE(log->Append({.entries = {&entry, 1}, .hard_state = state}).ok());
    }
    for (const SegmentName& name : log->segments()) {
      paths_.push_back(runtime::JoinPath(kDirectory, name.ToString()));
    }
    names_ = log->segments();
    log.reset();
    for (const std::string& path : paths_) Parse(path);
    EXPECT_GE(paths_.size(), 4u);
  }

  void Parse(const std::string& path) {
    const base::Bytes bytes = *runtime::ReadFile(disk_, path);
    uint64_t offset = 0;
    while (offset < bytes.size() && base::Load64Le(bytes.data() + offset) != 0) {
      const FrameLength length = ParseFrameLength(base::Load64Le(bytes.data() + offset));
      Record record;
      ASSERT_TRUE(ParseRecord(
          base::ByteView(bytes).substr(offset + kFrameLengthBytes, length.body_bytes), &record));
      Place place{
          path, offset, kFrameLengthBytes + length.body_bytes + length.pad_bytes, record.type, {}};
      if (record.type == RecordType::kEntry) place.index = base::Index(++entries_seen_);
      places_.push_back(place);
      offset += place.bytes;
    }
  }

  Place PlaceOf(uint64_t index) const {
    for (const Place& place : places_) {
      if (place.index == base::Index(index)) return place;
    }
    ADD_FAILURE() << "no entry " << index;
    return {};
  }
  // The `number`-th record of the `segment`-th segment.
  Place PlaceIn(size_t segment, size_t number) const {
    for (size_t i = 0; i < places_.size(); ++i) {
      if (places_[i].path == paths_[segment]) return places_[i + number];
    }
    return {};
  }
  // An entry in the middle of a segment that is not the last.
  Place Middle() const { return PlaceOf(names_[2].first_index.value() + 5); }

  void Write(const std::string& path, uint64_t offset, base::ByteView bytes) {
    ASSERT_TRUE(disk_.Open(path, runtime::OpenMode::kWrite).value()->WriteAt(offset, bytes).ok());
  }
  void Truncate(const std::string& path, uint64_t size) {
    ASSERT_TRUE(disk_.Open(path, runtime::OpenMode::kWrite).value()->Truncate(size).ok());
  }
  void Swap(const std::string& one, const std::string& other) {
    ASSERT_TRUE(disk_.Rename(one, "/aside").ok());
    ASSERT_TRUE(disk_.Rename(other, one).ok());
    ASSERT_TRUE(disk_.Rename("/aside", other).ok());
  }

  Files AllFiles() {
    Files files;
    for (const std::string& name : disk_.List(kDirectory).value()) {
      files[name] = *runtime::ReadFile(disk_, runtime::JoinPath(kDirectory, name));
    }
    return files;
  }

  base::Status OpenStatus(uint64_t covered = 0) {
    return Log::Open(disk_, kDirectory, {}, OptionsOf(covered)).status();
  }
  base::Result<Log::Opened> OpenPastDamage(uint64_t covered) {
    return Log::OpenPastDamage(disk_, kDirectory, MarkOf(covered), OptionsOf(covered));
  }

  base::Result<Log::Opened> OpenBelow(uint64_t covered) {
    return Log::OpenBelow(disk_, kDirectory, MarkOf(covered), OptionsOf(covered));
  }

  void ExpectRefusedUnchanged(const std::function<base::Status()>& open,
                              const std::string& message) {
    const Files before = AllFiles();
    const base::Status status = open();
    EXPECT_EQ(status.code(), base::Code::kDataLoss);
    EXPECT_NE(status.message().find(message), std::string::npos) << status.message();
    EXPECT_TRUE(AllFiles() == before) << "something was changed";
  }

  // All above `covered` is there, and the log can be used, also after another start.
  void ExpectRepairedFrom(uint64_t covered) {
    for (const bool again : {false, true}) {
      SCOPED_TRACE(again ? "opened again" : "repaired");
      const SnapshotMark mark = MarkOf(covered);
      auto opened =
          again ? Log::Open(disk_, kDirectory, mark, OptionsOf(covered)) : OpenPastDamage(covered);
      ASSERT_TRUE(opened.ok()) << opened.status().ToString();
      EXPECT_EQ(opened->contents.metadata, "metadata");
      EXPECT_EQ(opened->contents.hard_state.vote, base::MemberId(1));
      EXPECT_GE(opened->contents.hard_state.commit, base::Index(covered));
      const auto& entries = opened->contents.entries;
      ASSERT_EQ(entries.size(), kEntries + (again ? 1 : 0) - covered);
      for (size_t i = 0; i < entries.size(); ++i) {
        ASSERT_EQ(entries[i].index, base::Index(covered + i + 1));
      }
      const raft::Entry next{.term = base::Term(2), .index = base::Index(kEntries + 1)};
      ASSERT_TRUE(opened->log->Append({.entries = {&next, 1}}).ok());
      opened->log.reset();
      EXPECT_EQ(FindNewestMark(disk_, kDirectory).value(), mark);
    }
    for (const std::string& path : paths_) EXPECT_FALSE(disk_.Exists(path).value()) << path;
    EXPECT_TRUE(disk_.Exists(paths_.back() + ".broken").value());
  }

  runtime::simulated::Disk disk_;
  std::vector<std::string> paths_;  // of the segments
  std::vector<SegmentName> names_;
  std::vector<Place> places_;
  uint64_t entries_seen_ = 0;
};

// What a byte of a frame is part of.
struct Part {
  const char* name;
  uint64_t offset;  // within the frame of an entry of 100 bytes
  const char* message;
};
const Part kParts[] = {
    {"LengthLowByte", 0, "the length is not padded"},
    {"LengthHighByte", 6, "the file ends within the record"},
    {"PadSize", 7, "the length is not padded"},
    {"TypeTag", 8, "not a record"},
    {"Type", 9, "not a record"},
    {"CrcTag", 10, "not a record"},
    {"Crc", 11, ""},
    {"DataTag", 17, ""},
    {"Data", 60, "checksum mismatch"},
};

class LogDamagedByteTest : public LogDamageTest, public ::testing::WithParamInterface<Part> {};

TEST_P(LogDamagedByteTest, IsNamedByFileAndOffsetInTheMiddleOfEachSegment) {
  for (size_t segment = 0; segment < paths_.size(); ++segment) {
    SCOPED_TRACE(paths_[segment]);
    const Place place = PlaceOf(names_[segment].first_index.value() + 3);
    ASSERT_EQ(place.path, paths_[segment]);
    disk_.Corrupt(place.path, place.offset + GetParam().offset);
    ExpectRefusedUnchanged([this] { return OpenStatus(); },
                           place.path + ": damaged record at offset " +
                               std::to_string(place.offset) + ": " + GetParam().message);
    disk_.Corrupt(place.path, place.offset + GetParam().offset);
    ASSERT_TRUE(Read(disk_, kDirectory, {}).ok());
  }
}

TEST_P(LogDamagedByteTest, IsNotTakenForATornWriteInTheLastRecord) {
  const Place place = PlaceOf(kEntries - 1);
  Truncate(place.path, place.offset + place.bytes);
  Truncate(place.path, kSegmentBytesOfTest);
  disk_.Corrupt(place.path, place.offset + GetParam().offset);
  ExpectRefusedUnchanged([this] { return OpenStatus(); },
                         place.path + ": damaged record at offset " + std::to_string(place.offset));
}

TEST_P(LogDamagedByteTest, IsNamedInTheRecordThatOpensASegment) {
  if (GetParam().offset > 15) return;  // the record is that short
  const Place place = PlaceIn(2, 0);
  disk_.Corrupt(place.path, place.offset + GetParam().offset);
  ExpectRefusedUnchanged([this] { return OpenStatus(); }, place.path + ": damaged record at");
}

TEST_P(LogDamagedByteTest, IsPassedOverBelowWhatTheDatabaseCoversOnly) {
  const Place place = Middle();
  disk_.Corrupt(place.path, place.offset + GetParam().offset);
  // The entry itself is not covered; what it takes away may not be.
  for (const uint64_t covered : {uint64_t{0}, place.index.value() - 1}) {
    ExpectRefusedUnchanged([&] { return OpenPastDamage(covered).status(); }, place.path);
  }
  const bool length_leads_on = GetParam().offset >= kFrameLengthBytes;
  const uint64_t next_segment = names_[3].first_index.value() - 1;
  const uint64_t covered = length_leads_on ? place.index.value() + 1 : next_segment;
  ExpectRepairedFrom(covered);
}

INSTANTIATE_TEST_SUITE_P(Parts, LogDamagedByteTest, ::testing::ValuesIn(kParts),
                         [](const auto& part) { return std::string(part.param.name); });

TEST_F(LogDamageTest, DamageInASegmentThatIsNotNeededIsNotLookedAt) {
  auto log = Log::Open(disk_, kDirectory, {}, OptionsOf(0)).value().log;
  const SnapshotMark mark{base::Index(kEntries - 1), base::Term(1), {}};
  ASSERT_TRUE(log->Append({.mark = &mark}).ok());
  log.reset();
  disk_.Corrupt(Middle().path, Middle().offset + 60);
  EXPECT_EQ(FindNewestMark(disk_, kDirectory)->index, mark.index);
  EXPECT_TRUE(Log::Open(disk_, kDirectory, mark, OptionsOf(kEntries)).ok());
}

// The checksum does not cover the type.
TEST_F(LogDamageTest, AnEntryThatBecameAnotherTypeIsNamed) {
  const Place place = Middle();
  Write(place.path, place.offset + 9, "\x03");
  ExpectRefusedUnchanged([this] { return OpenStatus(); }, place.path + ": damaged record at");
}

TEST_F(LogDamageTest, AZeroedPageIsRefusedWhereTheLogIsKnownToGoOn) {
  const std::string page(4096, '\0');
  // A segment that is not the last goes on in the next one.
  Write(paths_[1], 1024, page.substr(0, 1024));
  ExpectRefusedUnchanged([this] { return OpenStatus(); }, "damaged record at offset");
}

TEST_F(LogDamageTest, AZeroedSectorBehindWhichLaterWritesStandIsNoCrash) {
  const Place place = PlaceOf(names_.back().first_index.value() + 1);
  ASSERT_LT(place.offset, kSectorBytes);
  Write(paths_.back(), kSectorBytes, std::string(kSectorBytes, '\0'));
  for (const uint64_t covered : {uint64_t{0}, place.index.value(), kEntries}) {
    ExpectRefusedUnchanged([&] { return OpenStatus(covered); }, "a later write follows at offset");
  }
  ExpectRefusedUnchanged([this] { return OpenPastDamage(kEntries).status(); }, paths_.back());
}

TEST_F(LogDamageTest, ATornLastRecordIsCutOffAndKeptAside) {
  const Place place = PlaceOf(kEntries);
  const uint64_t sector = (place.offset / kSectorBytes + 1) * kSectorBytes;
  Write(place.path, sector, std::string(kSectorBytes, '\0'));
  const base::Bytes torn = *runtime::ReadFile(disk_, place.path);
  const auto opened = Log::Open(disk_, kDirectory, {}, OptionsOf(kEntries - 1));
  ASSERT_TRUE(opened.ok()) << opened.status().ToString();
  EXPECT_TRUE(opened->repaired);
  EXPECT_EQ(opened->contents.entries.size(), kEntries - 1);
  ASSERT_TRUE(opened->cut_off.has_value());
  EXPECT_EQ(opened->cut_off->path, place.path);
  EXPECT_EQ(opened->cut_off->offset, place.offset);
  EXPECT_EQ(opened->cut_off->last_index, base::Index(kEntries - 1));
  EXPECT_EQ(opened->cut_off->copy, place.path + ".broken");
  EXPECT_TRUE(*runtime::ReadFile(disk_, place.path + ".broken") == torn);
}

TEST_F(LogDamageTest, ATornLastRecordThatTheDatabaseCoversWasNotTorn) {
  const Place place = PlaceOf(kEntries);
  const uint64_t sector = (place.offset / kSectorBytes + 1) * kSectorBytes;
  Write(place.path, sector, std::string(kSectorBytes, '\0'));
  ExpectRefusedUnchanged([this] { return OpenStatus(kEntries); },
                         place.path + ": damaged at offset " + std::to_string(place.offset) +
                             ": the log ends at entry 89, but the database has entry 90");
}

TEST_F(LogDamageTest, ATruncatedSegmentIsNamed) {
  const Place middle = Middle();
  const base::Bytes whole = *runtime::ReadFile(disk_, middle.path);
  Truncate(middle.path, middle.offset + 20);
  ExpectRefusedUnchanged([this] { return OpenStatus(); },
                         middle.path + ": damaged record at offset " +
                             std::to_string(middle.offset) + ": the file ends within the record");
  // Between two records it is the next segment that does not continue it.
  Truncate(middle.path, middle.offset);
  ExpectRefusedUnchanged([this] { return OpenStatus(); },
                         paths_[3] + ": damaged record at offset 0: checksum mismatch");
  Write(middle.path, 0, whole);
  const Place last = PlaceOf(kEntries);
  for (const uint64_t size : {last.offset + 20, last.offset}) {
    Truncate(last.path, size);
    ExpectRefusedUnchanged([this] { return OpenStatus(); },
                           last.path + ": damaged at offset " + std::to_string(size) +
                               ": the file was cut short; it had ");
  }
  Truncate(last.path, 0);
  ExpectRefusedUnchanged([this] { return OpenStatus(); },
                         last.path + ": damaged record at offset 0: nothing there");
}

TEST_F(LogDamageTest, SwappedSegmentsAreNamed) {
  Swap(paths_[1], paths_[2]);
  ExpectRefusedUnchanged([this] { return OpenStatus(); },
                         paths_[1] + ": damaged record at offset 0: checksum mismatch");
  Swap(paths_[1], paths_[2]);
  Swap(paths_[0], paths_[1]);  // the first one read continues nothing
  ExpectRefusedUnchanged([this] { return OpenStatus(); }, paths_[0] + ": damaged record at");
  Swap(paths_[0], paths_[1]);
  EXPECT_TRUE(OpenStatus().ok());
}

TEST_F(LogDamageTest, AMissingSegmentIsNamed) {
  ASSERT_TRUE(disk_.Remove(paths_[1]).ok());
  ExpectRefusedUnchanged(
      [this] { return OpenStatus(); },
      "no segment between " + names_[0].ToString() + " and " + names_[2].ToString());
  ASSERT_TRUE(disk_.Remove(paths_[0]).ok());
  EXPECT_EQ(OpenStatus().code(), base::Code::kNotFound);
  ExpectRepairedFrom(names_[2].first_index.value() - 1);
}

TEST_F(LogDamageTest, AMissingLastSegmentIsRefusedIfTheDatabaseHasItsEntries) {
  ASSERT_TRUE(disk_.Remove(paths_.back()).ok());
  ExpectRefusedUnchanged([this] { return OpenStatus(kEntries); }, "the log ends at entry");
}

TEST_F(LogDamageTest, MissingLastSegmentsAreRefusedWithoutADatabase) {
  while (paths_.size() > 1) {
    const uint64_t end = names_.back().first_index.value() - 1;
    ASSERT_TRUE(disk_.Remove(paths_.back()).ok());
    paths_.pop_back();
    names_.pop_back();
    const std::string message = paths_.back() +
                                ": the segment behind it is gone; this one ends at entry " +
                                std::to_string(end);
    ExpectRefusedUnchanged([this] { return OpenStatus(); }, message);
    ExpectRefusedUnchanged([&] { return OpenPastDamage(end).status(); }, message);
  }
}

// Builds before left full segments as they were, and a crash may come before one is closed.
TEST_F(LogDamageTest, AFullLastSegmentThatWasNotClosedIsAnEnd) {
  ASSERT_TRUE(disk_.Remove(paths_.back()).ok());
  const base::Bytes closed = *runtime::ReadFile(disk_, paths_[paths_.size() - 2]);
  Truncate(paths_[paths_.size() - 2], closed.size() - kClosingBytes);
  const uint64_t end = names_.back().first_index.value() - 1;
  for (int start = 0; start < 2; ++start) {
    auto opened = Log::Open(disk_, kDirectory, {}, OptionsOf(0));
    ASSERT_TRUE(opened.ok()) << opened.status().ToString();
    EXPECT_EQ(opened->contents.entries.size(), end);
    EXPECT_EQ(opened->log->segments(), names_);
  }
  EXPECT_TRUE(*runtime::ReadFile(disk_, paths_[paths_.size() - 2]) == closed);
}

TEST_F(LogDamageTest, WhoeverSaysThatWritesMayLackGoesOnWithoutThem) {
  const base::Bytes last = *runtime::ReadFile(disk_, paths_.back());
  Log::Options options = OptionsOf(0);
  Truncate(paths_.back(), PlaceOf(kEntries).offset);
  EXPECT_EQ(Log::Open(disk_, kDirectory, {}, options).status().code(), base::Code::kDataLoss);
  options.may_lack_writes = true;
  EXPECT_EQ(Log::Open(disk_, kDirectory, {}, options)->contents.entries.size(), kEntries - 1);
  EXPECT_TRUE(OpenStatus().ok());
  ASSERT_TRUE(disk_.Remove(paths_.back()).ok());
  EXPECT_EQ(OpenStatus().code(), base::Code::kDataLoss);
  auto opened = Log::Open(disk_, kDirectory, {}, options);
  ASSERT_TRUE(opened.ok()) << opened.status().ToString();
  EXPECT_EQ(opened->contents.entries.size(), names_.back().first_index.value() - 1);
  opened->log.reset();
  EXPECT_TRUE(OpenStatus().ok());
}

TEST_F(LogDamageTest, WhatIsLeftOfTheLastSegmentMayEndTheLogBelowTheDatabase) {
  const uint64_t before = names_.back().first_index.value() - 1;
  for (const uint64_t size : {uint64_t{40}, uint64_t{0}}) {
    Truncate(paths_.back(), size);
    ExpectRefusedUnchanged([&] { return OpenBelow(before).status(); }, "does not end before entry");
  }
  EXPECT_TRUE(OpenBelow(before + 1).ok());
}

TEST_F(LogDamageTest, AMissingLastSegmentEndsTheLogBelowTheDatabase) {
  ASSERT_TRUE(disk_.Remove(paths_.back()).ok());
  EXPECT_TRUE(OpenBelow(kEntries + 1).ok());
}

TEST_F(LogDamageTest, DamageBehindWhichNothingSaysWhatWasLostIsNotPassedOver) {
  // The last entry's hard state is all that follows, and no entry.
  const Place place = PlaceOf(kEntries);
  disk_.Corrupt(place.path, place.offset + 60);
  ExpectRefusedUnchanged([this] { return OpenPastDamage(kEntries).status(); }, place.path);
}

TEST_F(LogDamageTest, AnUnreadableSegmentIsNamed) {
  ASSERT_TRUE(disk_.Remove(paths_[1]).ok());
  ASSERT_TRUE(disk_.CreateDirectories(paths_[1]).ok());
  const base::Status status = OpenStatus();
  EXPECT_FALSE(status.ok());
  EXPECT_NE(status.message().find(paths_[1]), std::string::npos) << status.message();
}

TEST_F(LogDamageTest, ARepairThatACrashCutShortIsTakenUpAgain) {
  const Place place = Middle();
  disk_.Corrupt(place.path, place.offset + 60);
  const uint64_t covered = place.index.value() + 10;
  for (uint64_t failing = 1;; ++failing) {
    SCOPED_TRACE("power fails at change " + std::to_string(failing));
    LogDamageTest::Files before = AllFiles();
    disk_.FailPowerAfter(failing);
    const bool repaired = OpenPastDamage(covered).ok();
    disk_.Restart(runtime::simulated::CrashMode::kKeepSome);
    if (repaired) {
      EXPECT_GT(failing, 8u);
      break;
    }
    // Either it is as it was, or the log begins anew.
    const auto mark = FindNewestMark(disk_, kDirectory);
    if (mark.ok() && mark->index == base::Index(covered)) {
      const auto opened = Log::Open(disk_, kDirectory, *mark, OptionsOf(covered));
      ASSERT_TRUE(opened.ok()) << opened.status().ToString();
      EXPECT_EQ(opened->contents.entries.size(), kEntries - covered);
    } else {
      EXPECT_EQ(OpenStatus().code(), base::Code::kDataLoss);
      EXPECT_EQ(ReadPastDamage(disk_, kDirectory, {base::Index(covered), base::Term(1), {}})
                    ->contents.entries.size(),
                kEntries - covered);
    }
    // From the beginning for the next change.
    ASSERT_TRUE(disk_.RemoveAll(kDirectory).ok());
    ASSERT_TRUE(disk_.CreateDirectories(kDirectory).ok());
    for (const auto& [name, bytes] : before) {
      auto file = disk_.Open(runtime::JoinPath(kDirectory, name), runtime::OpenMode::kCreate);
      ASSERT_TRUE(file.value()->WriteAt(0, bytes).ok() && file.value()->Sync().ok());
    }
    ASSERT_TRUE(disk_.SyncDirectory(kDirectory).ok());
  }
}

}  // namespace
}  // namespace wal
