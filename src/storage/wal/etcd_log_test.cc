#include <gtest/gtest.h>

#include <cstdlib>
#include <sstream>
#include <string>
#include <vector>

#include "base/testing/source_path.h"
#include "base/wire.h"
#include "raft/codec.h"
#include "runtime/posix/disk.h"
#include "runtime/simulated/disk.h"
#include "storage/wal/entry_head.h"
#include "storage/wal/log.h"
#include "storage/wal/record.h"
#include "storage/wal/snapshot_mark.h"

// A log that etcd 3.4.23 wrote (test/fixtures/make_etcd_3_4.py).

namespace wal {
namespace {

const std::string kFixture = base::testing::SourcePath("test/fixtures/etcd-3.4.23");

struct Expected {
  uint64_t cluster_id, member_id, raft_index, term;
};

Expected ReadExpected() {
  Expected expected{};
  runtime::posix::Disk disk;
  const auto text = runtime::ReadFile(disk, kFixture + "/contents.txt");
  EXPECT_TRUE(text.ok()) << text.status().ToString();
  std::istringstream(*text) >> expected.cluster_id >> expected.member_id >> expected.raft_index >>
      expected.term;
  return expected;
}

TEST(EtcdLogTest, IsReadToItsEnd) {
  runtime::posix::Disk disk;
  const auto read = Read(disk, kFixture, {});
  ASSERT_TRUE(read.ok()) << read.status().ToString();
  const Expected expected = ReadExpected();
  EXPECT_EQ(read->tail.last_index, base::Index(expected.raft_index));
  EXPECT_EQ(read->contents.entries.size(), expected.raft_index);
  EXPECT_EQ(read->contents.hard_state.term, base::Term(expected.term));
  EXPECT_EQ(read->contents.hard_state.commit, base::Index(expected.raft_index));
  EXPECT_FALSE(read->tail.must_be_cut);
}

TEST(EtcdLogTest, ThatOf23HasNoPads) {
  runtime::posix::Disk disk;
  const std::string directory = base::testing::SourcePath("test/fixtures/etcd-2.3.8-v2/member/wal");
  const auto refused = FindNewestMark(disk, directory);
  EXPECT_EQ(refused.status().code(), base::Code::kDataLoss);
  const auto mark = FindNewestMark(disk, directory, Frames::kAny);
  ASSERT_TRUE(mark.ok()) << mark.status().ToString();
  EXPECT_EQ(mark->index, base::Index(76));
  const auto read = Read(disk, directory, *mark, /*is_sole_voter=*/false, Frames::kAny);
  ASSERT_TRUE(read.ok()) << read.status().ToString();
  EXPECT_GT(read->contents.entries.size(), 20u);
  EXPECT_EQ(read->contents.entries.front().index, base::Index(77));
  EXPECT_FALSE(read->tail.must_be_cut);
}

TEST(EtcdLogTest, MetadataNamesTheMemberAndTheCluster) {
  runtime::posix::Disk disk;
  const auto read = Read(disk, kFixture, {});
  ASSERT_TRUE(read.ok());
  const Expected expected = ReadExpected();
  base::WireReader reader(read->contents.metadata);
  ASSERT_TRUE(reader.Next());
  EXPECT_EQ(reader.varint(), expected.member_id);
  ASSERT_TRUE(reader.Next());
  EXPECT_EQ(reader.varint(), expected.cluster_id);
}

TEST(EtcdLogTest, ItsNewestMarkIsThatOfItsNewestSnapshot) {
  runtime::posix::Disk disk;
  const auto mark = FindNewestMark(disk, kFixture);
  ASSERT_TRUE(mark.ok()) << mark.status().ToString();
  EXPECT_EQ(mark->term, base::Term(2));
  EXPECT_EQ(mark->index, base::Index(0x12f));  // by the name of the .snap file
  const auto from_mark = Read(disk, kFixture, *mark);
  ASSERT_TRUE(from_mark.ok()) << from_mark.status().ToString();
  EXPECT_EQ(from_mark->contents.entries.front().index, mark->index + 1);
}

// The same records through our writer give the same bytes.
TEST(EtcdLogTest, IsWrittenAgainByteForByte) {
  runtime::posix::Disk disk;
  const auto original =
      runtime::ReadFile(disk, kFixture + "/0000000000000000-0000000000000000.wal");
  ASSERT_TRUE(original.ok());
  base::Bytes again;
  RecordWriter writer(0, &again);
  base::ByteView rest = *original;
  while (base::Load64Le(rest.data()) != 0) {
    const FrameLength length = ParseFrameLength(base::Load64Le(rest.data()));
    Record record;
    ASSERT_TRUE(ParseRecord(rest.substr(kFrameLengthBytes, length.body_bytes), &record));
    rest.remove_prefix(kFrameLengthBytes + length.body_bytes + length.pad_bytes);
    base::Bytes data(record.data);
    if (record.type == RecordType::kEntry) {
      const auto entry = raft::DecodeEntry(record.data);
      ASSERT_TRUE(entry.ok()) << entry.status().ToString();
      data = base::Bytes(EntryHead(*entry).view()).append(entry->data.view());
    } else if (record.type == RecordType::kState) {
      const auto state = raft::DecodeHardState(record.data);
      ASSERT_TRUE(state.ok()) << state.status().ToString();
      data.clear();
      raft::Encode(*state, &data);
    } else if (record.type == RecordType::kSnapshot) {
      SnapshotMark mark;
      ASSERT_TRUE(ParseSnapshotMark(record.data, &mark));
      data.clear();
      AppendSnapshotMark(mark, &data);
    }
    if (record.type == RecordType::kCrc) {
      writer.AppendCrc();
    } else {
      writer.Append(record.type, data);
    }
  }
  EXPECT_EQ(again, original->substr(0, again.size()));
}

TEST(EtcdLogTest, IsContinuedInPlace) {
  runtime::posix::Disk real;
  runtime::simulated::Disk disk(1);
  const std::string name = "/wal/0000000000000000-0000000000000000.wal";
  const auto bytes = runtime::ReadFile(real, kFixture + name.substr(4));
  ASSERT_TRUE(bytes.ok() && disk.CreateDirectories("/wal").ok());
  {
    auto file = disk.Open(name, runtime::OpenMode::kCreate);
    ASSERT_TRUE(file.value()->WriteAt(0, *bytes).ok());
  }
  auto opened = Log::Open(disk, "/wal", {}, {.segment_bytes = 65536});
  ASSERT_TRUE(opened.ok()) << opened.status().ToString();
  const uint64_t next = opened->contents.entries.size() + 1;
  const raft::Entry entry{
      .term = base::Term(2), .index = base::Index(next), .data = base::SharedBytes("ours")};
  ASSERT_TRUE(opened->log->Append({.entries = {&entry, 1}}).ok());
  opened->log.reset();
  const auto read = Read(disk, "/wal", {});
  ASSERT_TRUE(read.ok()) << read.status().ToString();
  EXPECT_EQ(read->contents.entries.back().data.view(), "ours");
}

}  // namespace
}  // namespace wal
