#include <cstddef>
#include <cstdint>
#include <string>

#include "base/check.h"
#include "dump/bbolt_leaves.h"
#include "dump/lmdb_leaves.h"
#include "dump/record_text.h"
#include "runtime/simulated/disk.h"
#include "storage/backend/lmdb_page.h"
#include "storage/schema/schema.h"
#include "storage/snap/bbolt_page.h"

// Pages with any bytes behind good meta pages, in either format, and files of any bytes: what is
// told lies within the file. And records with any keys and values in every bucket.
//
//   input = kind:u8 key_size:u8 bytes

namespace {

constexpr uint32_t kBboltPageBytes = 1024;
constexpr uint32_t kLmdbPageBytes = 512;

base::Bytes BboltFile(base::ByteView pages) {
  const snap::Meta meta{.page_size = kBboltPageBytes,
                        .buckets = {.root = 2},
                        .high_water = 2 + (pages.size() + kBboltPageBytes - 1) / kBboltPageBytes};
  base::Bytes file;
  snap::AppendMetaPage(meta, 0, &file);
  snap::AppendMetaPage(meta, 1, &file);
  return file.append(pages);
}

base::Bytes LmdbFile(base::ByteView pages) {
  base::Bytes file(2 * kLmdbPageBytes, '\0');
  base::Store32Le(file.data() + 16, backend::lmdb::Meta::kMagic);
  base::Store32Le(file.data() + 40, kLmdbPageBytes);
  return file.append(pages);
}

void Visit(const base::Bytes& bytes) {
  runtime::simulated::Disk disk(1);
  const auto file = disk.Open("/db", runtime::OpenMode::kCreate).value();
  CHECK(file->WriteAt(0, bytes).ok());
  const dump::LeafVisitor visitor = {
      .on_record =
          [&bytes](const dump::LeafRecord& record) {
            CHECK(record.index <= record.last_index);
            CHECK(record.key.size() + record.value.size() <= bytes.size());
            (void)dump::DecodedText("key", {record.key, record.value});
            return true;
          },
      .on_damage = [](const std::string& text) { CHECK(!text.empty()); }};
  (void)dump::VisitBboltLeaves(*file, bytes.size(), visitor);
  (void)dump::VisitLmdbLeaves(*file, bytes.size(), visitor);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  const base::ByteView input(reinterpret_cast<const char*>(data + 2), size - 2);
  const uint8_t kind = data[0] % 3;
  Visit(kind == 0 ? BboltFile(input) : kind == 1 ? LmdbFile(input) : base::Bytes(input));
  const base::ByteView key = input.substr(0, data[1]);
  const snap::Record record{key, input.substr(key.size())};
  CHECK(!dump::RecordText(record).empty());
  for (const std::string_view bucket : schema::kBucketNames) {
    (void)dump::DecodedText(bucket, record);
  }
  (void)dump::DecodedText("cornerstore", record);
  return 0;
}
