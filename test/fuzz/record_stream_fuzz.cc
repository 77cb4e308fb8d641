#include <cstddef>
#include <cstdint>

#include "base/check.h"
#include "base/crc32c.h"
#include "storage/backend/memory_backend.h"
#include "storage/image/database_import.h"
#include "storage/image/reader_source.h"
#include "storage/schema/schema.h"
#include "storage/snap/record_stream.h"

// A snapshot as a stream of records, cut anywhere: it fills a database or is refused, and what has
// filled one makes another stream that is taken.
//
//   input = cut:u8 stream
//
// The checksum of the input's end is made right, or nearly nothing would come to an end.

namespace {

bool Fill(base::ByteView stream, size_t cut, backend::Backend* database) {
  image::DatabaseFiller filler(database);
  snap::RecordStreamReader reader(&filler);
  while (!stream.empty()) {
    const base::ByteView piece = stream.substr(0, cut);
    if (!reader.Take(piece).ok()) return false;
    stream.remove_prefix(piece.size());
  }
  return reader.ended() && filler.Finish().ok();
}

std::unique_ptr<backend::Backend> NewDatabase() {
  return backend::OpenMemoryBackend(backend::NewMemoryDatabase(schema::kBucketNames.size()));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  constexpr size_t kCrcBytes = 4;
  if (size < 1 + kCrcBytes) return 0;
  const size_t cut = data[0] + size_t{1};
  base::Bytes stream(reinterpret_cast<const char*>(data + 1), size - 1);
  const base::ByteView covered = base::ByteView(stream).substr(0, stream.size() - kCrcBytes);
  base::Store32Le(stream.data() + covered.size(), base::Crc32c(covered));
  const auto database = NewDatabase();
  if (!Fill(stream, cut, database.get())) return 0;
  const auto reader = database->NewReader();
  image::ReaderSource source(reader->get());
  snap::RecordStreamWriter writer(&source);
  base::Bytes again;
  for (bool more = true; more;) more = writer.Write(cut, &again).value();
  CHECK(Fill(again, cut, NewDatabase().get()));
  return 0;
}
