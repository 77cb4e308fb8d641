#include "storage/wal/segment_check.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runtime/simulated/disk.h"
#include "storage/wal/log.h"

// A closed segment that is read in steps: whole, or damaged at any of its bytes.

namespace wal {
namespace {

constexpr std::string_view kDirectory = "/wal";
constexpr uint64_t kSegmentBytesOfTest = 4096;

class SegmentCheckTest : public ::testing::Test {
 protected:
  SegmentCheckTest() {
    auto log =
        Log::Create(disk_, kDirectory, "metadata", {.segment_bytes = kSegmentBytesOfTest}).value();
    for (uint64_t index = 1; log->segments().size() < 3; ++index) {
      const raft::Entry entry{.term = base::Term(1),
                              .index = base::Index(index),
                              .data = base::SharedBytes(base::Bytes(100, 'v'))};
      const raft::HardState state{base::Term(1), base::MemberId(1), base::Index(index)};
      EXPECT_TRUE(log->Append({.entries = {&entry, 1}, .hard_state = state}).ok());
    }
    for (const SegmentName& name : log->segments()) {
      paths_.push_back(runtime::JoinPath(kDirectory, name.ToString()));
    }
  }

  // What is wrong with a segment; its bytes are counted in `read_`, its end kept in `chain_`.
  base::Status Check(size_t segment, std::optional<uint32_t> chain = {}, uint64_t step = 256) {
    auto check = SegmentCheck::Open(disk_, paths_[segment], chain);
    if (!check.ok()) return check.status();
    read_ = 0;
    while (true) {
      const auto read = (*check)->Step(step);
      if (!read.ok()) return read.status();
      if (*read == 0) break;
      read_ += *read;
    }
    chain_ = (*check)->chain();
    return {};
  }

  runtime::simulated::Disk disk_{1};
  std::vector<std::string> paths_;
  uint64_t read_ = 0;
  uint32_t chain_ = 0;
};

TEST_F(SegmentCheckTest, AWholeSegmentIsGoneThroughToItsEnd) {
  ASSERT_TRUE(Check(0).ok());
  EXPECT_EQ(read_ + kClosingBytes, runtime::ReadFile(disk_, paths_[0])->size());
  ASSERT_TRUE(Check(1, chain_).ok());
  EXPECT_TRUE(Check(1, chain_ + 1).code() == base::Code::kDataLoss) << "another one before it";
  EXPECT_TRUE(Check(1, {}, 1).ok());
}

TEST_F(SegmentCheckTest, DamageOfAnyByteThatIsReadIsNamed) {
  const uint64_t size = runtime::ReadFile(disk_, paths_[0])->size();
  ASSERT_TRUE(Check(0).ok());
  const uint32_t whole = chain_;
  size_t found = 0;
  for (uint64_t offset = 0; offset < size; ++offset) {
    disk_.Corrupt(paths_[0], offset);
    const base::Status status = Check(0);
    // A pad is read by nobody.
    if (!status.ok()) {
      EXPECT_EQ(status.message().find(paths_[0] + ": damaged record at offset "), 0u)
          << status.message();
      ++found;
    } else {
      EXPECT_EQ(chain_, whole) << offset;
    }
    disk_.Corrupt(paths_[0], offset);
  }
  EXPECT_GT(found, size * 9 / 10);
}

TEST_F(SegmentCheckTest, ALengthThatHasBecomeZeroIsNoEnd) {
  const auto file = disk_.Open(paths_[0], runtime::OpenMode::kWrite).value();
  ASSERT_TRUE(file->WriteAt(0, base::Bytes(8, '\0')).ok());
  EXPECT_EQ(Check(0).code(), base::Code::kDataLoss);
}

TEST_F(SegmentCheckTest, ASegmentThatIsGoneIsNotFound) {
  ASSERT_TRUE(disk_.Remove(paths_[0]).ok());
  EXPECT_EQ(Check(0).code(), base::Code::kNotFound);
}

}  // namespace
}  // namespace wal
