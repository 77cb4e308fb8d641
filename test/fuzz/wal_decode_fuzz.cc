#include <cstddef>
#include <cstdint>

#include "base/check.h"
#include "runtime/simulated/disk.h"
#include "storage/wal/decoder.h"
#include "storage/wal/found_records.h"
#include "storage/wal/log_end.h"
#include "storage/wal/snapshot_mark.h"

// Any bytes as a log segment: the decoder ends, stays within the file and names what is wrong; and
// what can be found behind is within the file, too.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const base::ByteView input(reinterpret_cast<const char*>(data), size);
  runtime::simulated::Disk disk(1);
  auto file = disk.Open("/segment", runtime::OpenMode::kCreate);
  CHECK(file.value()->WriteAt(0, input).ok());

  wal::Decoder decoder(file.value().get(), size, "/segment", {.may_be_torn = size % 2 == 0});
  wal::Record record;
  using Outcome = wal::Decoder::Outcome;
  Outcome outcome;
  while ((outcome = decoder.Next(&record)) != Outcome::kEnd) {
    CHECK_LE(decoder.offset(), size);
    CHECK(decoder.status().ok() == (outcome == Outcome::kRecord));
    if (outcome != Outcome::kRecord) {
      if (!decoder.PassOver()) break;
      continue;
    }
    wal::SnapshotMark mark;
    wal::ParseSnapshotMark(record.data, &mark);
  }
  CHECK(decoder.status().ok() == (outcome == Outcome::kEnd));

  uint64_t next = 0;
  wal::FoundRecords records(file.value().get(), size, 0);
  while (const auto found = records.Next().value()) {
    CHECK_LE(next, found->offset);
    next = found->offset + wal::kFrameLengthBytes;
    CHECK_LE(next, size);
  }
  wal::MustBeCut({.file = file.value().get(),
                  .size = size,
                  .path = "/segment",
                  .offset = decoder.offset(),
                  .last_index = base::Index(size % 11),
                  .is_sole_voter = size % 3 == 0,
                  .writes_end_in_state = size % 5 != 0,
                  .after_state = size % 7 != 0,
                  .fault = decoder.status(),
                  .is_torn = outcome == Outcome::kTorn,
                  .torn_end = decoder.torn_end()})
      .status()
      .IgnoreError();
  return 0;
}
