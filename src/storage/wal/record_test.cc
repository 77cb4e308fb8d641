#include "storage/wal/record.h"

#include <gtest/gtest.h>

#include <string>

#include "base/crc32c.h"
#include "raft/codec.h"
#include "storage/wal/entry_head.h"
#include "storage/wal/snapshot_mark.h"

namespace wal {
namespace {

TEST(RecordTest, FramesAreWrittenAsEtcdWritesThem) {
  // The first bytes of every log that etcd made: crc-record 0, then metadata.
  base::Bytes out;
  RecordWriter writer(0, &out);
  writer.AppendCrc();
  EXPECT_EQ(out, base::Bytes("\x04\0\0\0\0\0\0\x84\x08\x04\x10\0\0\0\0\0", 16));
  EXPECT_EQ(writer.chain(), 0u);
}

TEST(RecordTest, ChecksumsCoverTheDataOfAllRecordsBefore) {
  base::Bytes out;
  RecordWriter writer(0, &out);
  writer.Append(RecordType::kMetadata, "abc");
  writer.Append(RecordType::kEntry, "de", "f");
  EXPECT_EQ(writer.chain(), base::Crc32c("abcdef"));
}

TEST(RecordTest, EveryLengthIsPaddedToEightBytesAndReadsBack) {
  for (size_t size = 0; size < 40; ++size) {
    base::Bytes out;
    RecordWriter writer(7, &out);
    const base::Bytes data(size, 'x');
    writer.Append(RecordType::kEntry, data);
    ASSERT_EQ(out.size() % 8, 0u);
    const FrameLength length = ParseFrameLength(base::Load64Le(out.data()));
    ASSERT_EQ(kFrameLengthBytes + length.body_bytes + length.pad_bytes, out.size());
    Record record;
    ASSERT_TRUE(ParseRecord(base::ByteView(out).substr(8, length.body_bytes), &record));
    EXPECT_EQ(record.type, RecordType::kEntry);
    EXPECT_EQ(record.data, data);
    EXPECT_EQ(record.crc, writer.chain());
  }
}

TEST(RecordTest, AnUnknownTypeIsNoRecord) {
  Record record;
  EXPECT_FALSE(ParseRecord(base::ByteView("\x08\x06\x10\x00", 4), &record));
  EXPECT_FALSE(ParseRecord("", &record));
}

TEST(EntryHeadTest, AHeadAndItsDataAreAnEntryThatKeepsZeroNumbers) {
  const raft::Entry entries[] = {
      {.term = base::Term(2), .index = base::Index(300)},
      {.term = base::Term(~0ull),
       .index = base::Index(~0ull),
       .type = raft::EntryType::kConfChange,
       .data = base::SharedBytes(base::Bytes(200, 'd'))},
  };
  for (const raft::Entry& entry : entries) {
    const base::Bytes encoded = base::Bytes(EntryHead(entry).view()).append(entry.data.view());
    EXPECT_EQ(raft::DecodeEntry(encoded).value(), entry);
  }
  EXPECT_EQ(EntryHead(entries[0]).view(), base::ByteView("\x08\0\x10\x02\x18\xac\x02", 7));
}

TEST(SnapshotMarkTest, MarksReadBackAndKeepZeroNumbers) {
  base::Bytes out;
  AppendSnapshotMark({}, &out);
  EXPECT_EQ(out, base::Bytes("\x08\x00\x10\x00", 4));
  out.clear();
  const SnapshotMark mark{base::Index(5), base::Term(2), "voters"};
  AppendSnapshotMark(mark, &out);
  SnapshotMark parsed_mark;
  ASSERT_TRUE(ParseSnapshotMark(out, &parsed_mark));
  EXPECT_EQ(parsed_mark, mark);
  EXPECT_FALSE(ParseSnapshotMark("\x08", &parsed_mark));
}

}  // namespace
}  // namespace wal
