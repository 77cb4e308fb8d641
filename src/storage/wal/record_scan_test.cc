#include "storage/wal/record_scan.h"

#include <gtest/gtest.h>

#include "runtime/simulated/disk.h"
#include "storage/wal/log.h"

namespace wal {
namespace {

constexpr uint64_t kEntries = 90;
constexpr uint64_t kSegmentBytesOfTest = 4096;

// What a scan gives: the indexes of entries, and how it ended.
struct Scanned {
  uint64_t entries = 0;
  uint64_t records = 0;
  uint64_t last_offset = 0;
  base::Status status;
  base::Status leftover;
};

class RecordScanTest : public ::testing::Test {
 protected:
  RecordScanTest() {
    auto log =
        Log::Create(disk_, "/wal", "metadata", {.segment_bytes = kSegmentBytesOfTest}).value();
    for (uint64_t index = 1; index <= kEntries; ++index) {
      const raft::Entry entry{.term = base::Term(1),
                              .index = base::Index(index),
                              .data = base::SharedBytes(base::Bytes(100, 'e'))};
      const raft::HardState state{base::Term(1), base::MemberId(1), base::Index(index)};
      EXPECT_TRUE(log->Append({.entries = {&entry, 1}, .hard_state = state}).ok());
    }
    tail_ = log->tail_offset();
    for (const SegmentName& name : log->segments()) {
      paths_.push_back(runtime::JoinPath("/wal", name.ToString()));
    }
    EXPECT_GT(paths_.size(), 2u);
  }

  Scanned Scan(bool unchecked = false) {
    RecordScan scan(&disk_, paths_);
    Scanned scanned;
    while (true) {
      auto next = scan.Next();
      std::optional<Record> record;
      if (next.ok()) {
        record = *next;
      } else {
        scanned.status = next.status();
        if (unchecked) record = scan.TakeUnchecked();
      }
      if (!record.has_value()) break;
      ++scanned.records;
      scanned.entries += record->type == RecordType::kEntry;
      scanned.last_offset = scan.offset();
    }
    scanned.leftover = scan.leftover();
    return scanned;
  }

  void Overwrite(const std::string& path, uint64_t offset, base::ByteView bytes) {
    const auto file = disk_.Open(path, runtime::OpenMode::kWrite).value();
    ASSERT_TRUE(file->WriteAt(offset, bytes).ok());
  }

  runtime::simulated::Disk disk_{1};
  std::vector<std::string> paths_;
  uint64_t tail_ = 0;
};

TEST_F(RecordScanTest, AllSegmentsAreRead) {
  const Scanned scanned = Scan();
  EXPECT_TRUE(scanned.status.ok()) << scanned.status.ToString();
  EXPECT_TRUE(scanned.leftover.ok()) << scanned.leftover.ToString();
  EXPECT_EQ(scanned.entries, kEntries);
}

TEST_F(RecordScanTest, DamageIsToldByFileAndOffset) {
  Overwrite(paths_[1], 500, "?");
  const Scanned scanned = Scan();
  EXPECT_EQ(scanned.status.code(), base::Code::kDataLoss);
  EXPECT_TRUE(scanned.status.message().starts_with(paths_[1] + ": damaged record at offset "))
      << scanned.status.ToString();
  EXPECT_LT(scanned.entries, kEntries);
}

TEST_F(RecordScanTest, ARecordWithAWrongChecksumAloneCanBeTaken) {
  const Scanned whole = Scan();
  Overwrite(paths_[1], 500, "?");  // within the data of an entry
  const Scanned scanned = Scan(/*unchecked=*/true);
  EXPECT_EQ(scanned.records, whole.records);
  EXPECT_EQ(scanned.entries, kEntries);
  EXPECT_EQ(scanned.status.code(), base::Code::kDataLoss);
}

TEST_F(RecordScanTest, TheRestOfAWriteIsNoDamage) {
  const uint64_t offset = Scan().last_offset;
  const auto file = disk_.Open(paths_.back(), runtime::OpenMode::kWrite).value();
  ASSERT_TRUE(file->Truncate(tail_ - 8).ok());
  const Scanned scanned = Scan();
  EXPECT_TRUE(scanned.status.ok()) << scanned.status.ToString();
  EXPECT_EQ(scanned.entries, kEntries);  // what is lost is the hard state
  EXPECT_EQ(scanned.leftover.message(), paths_.back() + ": torn record at offset " +
                                            std::to_string(offset) +
                                            ": the file ends within the record");
}

TEST_F(RecordScanTest, RecordsBehindZerosAreTold) {
  const uint64_t offset = Scan().last_offset;
  const base::Bytes bytes = runtime::ReadFile(disk_, paths_.back()).value();
  Overwrite(paths_.back(), tail_ + 64, base::ByteView(bytes).substr(offset, tail_ - offset));
  const Scanned scanned = Scan();
  EXPECT_EQ(scanned.entries, kEntries);
  EXPECT_EQ(scanned.leftover.message(),
            paths_.back() + ": the log ends at offset " + std::to_string(tail_) +
                ", but a record stands at offset " + std::to_string(tail_ + 64));
}

}  // namespace
}  // namespace wal
