#include <cstddef>
#include <cstdint>

#include "base/check.h"
#include "runtime/simulated/disk.h"
#include "storage/wal/decoder.h"
#include "storage/wal/snapshot_mark.h"

// Any bytes as a log segment: the decoder ends, stays within the file and names what is wrong.
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
  return 0;
}
