#include <cstddef>
#include <cstdint>

#include "base/check.h"
#include "runtime/simulated/disk.h"
#include "storage/snap/bbolt_reader.h"
#include "storage/snap/bbolt_writer.h"

// Any bytes as pages of a bbolt file behind metas that hold, and as a whole file: the reader ends,
// and what it takes for sound is sound: it can be written anew and read again.

namespace {

constexpr uint32_t kPageBytes = 1024;

// The sizes of what is read, or nothing of a file that is refused.
struct Totals {
  uint64_t records = 0;
  uint64_t bytes = 0;
  friend bool operator==(const Totals&, const Totals&) = default;
};

Totals Count(snap::Source& source) {
  Totals totals;
  CHECK(source.Rewind().ok());
  while (true) {
    const auto bucket = source.NextBucket();
    CHECK(bucket.ok());
    if (!*bucket) return totals;
    totals.bytes += (*bucket)->size();
    while (true) {
      const auto record = source.NextRecord();
      CHECK(record.ok());
      if (!*record) break;
      ++totals.records;
      totals.bytes += (*record)->key.size() + (*record)->value.size();
    }
  }
}

void ReadAndRewrite(base::ByteView bytes) {
  runtime::simulated::Disk disk(1);
  const auto file = disk.Open("/db", runtime::OpenMode::kCreate).value();
  CHECK(file->WriteAt(0, bytes).ok());
  const auto reader = snap::BboltReader::Open(file.get(), "/db", bytes.size());
  if (!reader.ok() || !(*reader)->Check().ok()) return;
  const auto layout = snap::LayOutBbolt(**reader, kPageBytes);
  CHECK(layout.ok());
  base::Bytes again;
  CHECK(snap::WriteBbolt(**reader, *layout, [&again](base::ByteView chunk) {
          again.append(chunk);
          return base::Status();
        }).ok());
  const auto copy = disk.Open("/copy", runtime::OpenMode::kCreate).value();
  CHECK(copy->WriteAt(0, again).ok());
  const auto second = snap::BboltReader::Open(copy.get(), "/copy", again.size());
  CHECK(second.ok() && (*second)->Check().ok());
  CHECK(Count(**reader) == Count(**second));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const base::ByteView input(reinterpret_cast<const char*>(data), size);
  ReadAndRewrite(input);

  const uint64_t pages = size / kPageBytes;
  snap::Meta meta{.page_size = kPageBytes,
                  .buckets = {.root = snap::kFirstPage},
                  .high_water = snap::kFirstPage + pages};
  if (size % 2 == 1) meta.freelist = snap::kFirstPage + pages - 1;
  base::Bytes file;
  snap::AppendMetaPage(meta, 0, &file);
  snap::AppendMetaPage(meta, 1, &file);
  file.append(input);
  ReadAndRewrite(file);
  return 0;
}
