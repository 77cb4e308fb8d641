#include <cstddef>
#include <cstdint>

#include "base/check.h"
#include "base/crc32c.h"
#include "base/wire.h"
#include "storage/snap/snapshot_file.h"

// Any bytes as a snapshot file, and as what a file with a good checksum holds.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const base::ByteView input(reinterpret_cast<const char*>(data), size);
  snap::ParseSnapshotFile(input);
  snap::SnapshotName::Parse(input);

  base::Bytes file;
  base::WireWriter writer(&file);
  writer.Varint(1, base::Crc32c(input));
  writer.Bytes(2, input);
  const auto snapshot = snap::ParseSnapshotFile(file);
  if (snapshot) CHECK(snap::ParseSnapshotFile(snap::EncodeSnapshotFile(*snapshot)) == snapshot);
  return 0;
}
