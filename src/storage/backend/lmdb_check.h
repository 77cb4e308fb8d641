#pragma once

#include <cstdint>
#include <string>

#include "base/status.h"
#include "runtime/disk.h"

namespace backend {

// Whether a database file is what LMDB leaves, and all its records have the right checksums. LMDB
// believes its pages: one flipped bit in them shows an older or smaller database without a word, or
// ends the process. So the whole file is read here, not mapped, before LMDB opens it.
//
// OK for a file that is not there or empty. kDataLoss, naming file, page and what is wrong there,
//
// - unless both meta pages are valid, of transactions that follow one another, and those of which
//   the records that they lead to say they are;
// - unless each page that the newest one leads to is there, is of its kind and says its own number,
//   holds its nodes within its bounds, in order and within what the page above says;
// - unless each tree has the height, pages and records that its head says;
// - if a page is used twice, or used and free;
// - if the checksum of a record is wrong.
//
// Bytes that nothing reads may be anything. Memory: some pages, a bit for each page, and the
// largest record. `map_bytes` is the size up to which the file may grow.
base::Status CheckLmdbFile(runtime::Disk& disk, const std::string& path, uint64_t map_bytes);

}  // namespace backend
