#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>

#include "base/check.h"
#include "dump/entry_filter.h"
#include "dump/entry_text.h"
#include "dump/log_dump.h"
#include "dump/raw_log.h"
#include "dump/stream_decoder.h"
#include "runtime/simulated/disk.h"
#include "runtime/simulated/scheduler.h"
#include "storage/wal/record.h"
#include "storage/wal/record_scan.h"

// Logs with any entries and any bytes: they are shown or refused, in both forms, and every record
// that can be read is there in the raw one.
//
//   input = start:u8 form:u8 ( bytes of a segment | { kind:u8 size:u8 data } )

namespace {

constexpr char kSegment[] = "/data/member/wal/0000000000000000-0000000000000000.wal";
constexpr char kMetadata[] = "\x08\x01\x10\x02";

base::Bytes Segment(base::ByteView input) {
  base::Bytes bytes;
  wal::RecordWriter writer(0, &bytes);
  writer.AppendCrc();
  writer.Append(wal::RecordType::kMetadata, kMetadata);
  writer.Append(wal::RecordType::kSnapshot, base::ByteView("\x08\0\x10\0", 4));
  while (input.size() >= 2) {
    const auto kind = static_cast<uint8_t>(input[0]);
    const base::ByteView data = input.substr(2, static_cast<uint8_t>(input[1]));
    input.remove_prefix(std::min(input.size(), data.size() + 2));
    writer.Append(static_cast<wal::RecordType>(1 + kind % 5), data);
  }
  return bytes;
}

uint64_t CountRecords(runtime::Disk& disk) {
  wal::RecordScan scan(&disk, {kSegment});
  for (uint64_t count = 0;; ++count) {
    const auto next = scan.Next();
    if (next.ok() && !next->has_value()) return count;
    if (!next.ok() && !scan.TakeUnchecked().has_value()) return count;
  }
}

void ShowEntry(base::ByteView data) {
  for (const auto type :
       {raft::EntryType::kNormal, raft::EntryType::kConfChange, raft::EntryType::kConfChangeV2}) {
    const dump::ReadEntry read({.term = base::Term(1),
                                .index = base::Index(1),
                                .type = type,
                                .data = base::SharedBytes(base::Bytes(data))});
    CHECK(dump::EntryText(read).find('\n') == std::string::npos || !read.request.has_value());
    const bool is_normal = dump::EntryFilter("Normal").Passes(read);
    CHECK(is_normal != dump::EntryFilter("ConfigChange").Passes(read));
    CHECK(is_normal == dump::EntryFilter("Request,InternalRaftRequest").Passes(read));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static std::FILE* const nowhere = std::fopen("/dev/null", "w");
  if (size < 2) return 0;
  const base::ByteView input(reinterpret_cast<const char*>(data + 2), size - 2);
  ShowEntry(input);
  (void)dump::SplitAnswer(std::string(input));

  runtime::simulated::Disk disk(1);
  runtime::simulated::Scheduler scheduler(1);
  const dump::GoLog log(&scheduler.clock(), nowhere);
  CHECK(disk.CreateDirectories("/data/member/wal").ok());
  CHECK(disk.CreateDirectories("/data/member/snap").ok());
  const auto file = disk.Open(kSegment, runtime::OpenMode::kCreate).value();
  CHECK(file->WriteAt(0, data[1] % 2 == 0 ? Segment(input) : base::Bytes(input)).ok());
  (void)CountRecords(disk);
  dump::LogDump asked;
  asked.data_dir = "/data";
  asked.entry_types = "Normal,ConfigChange";
  asked.from_index = data[0] > 0;
  asked.start_index = data[0];
  (void)dump::DumpLog(disk, asked, {nowhere, log});
  CHECK(dump::DumpRawLog(disk, asked, {nowhere, log}) == 0);
  return 0;
}
