#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/callback.h"
#include "runtime/disk.h"
#include "storage/backend/backend.h"

namespace backend {

struct LmdbOptions {
  // Address space reserved for the file, which grows up to this size; a commit that needs more is
  // kOutOfRange.
  uint64_t map_bytes = uint64_t{64} << 30;
  // Readers at one time, in all threads; kReservedReaders of them are not for everybody.
  unsigned readers_max = kReadersMax;
  // Whether a commit waits for the device; without that a crash of the machine may leave a file
  // that cannot be read.
  bool sync = true;
  // What may be committed, and not yet be replayed, while a defragmented copy is made. With more
  // the defragmentation gives up.
  uint64_t delta_bytes_max = uint64_t{4} << 30;
  OnDamage on_damage = [](const base::Status&) { return false; };
  // Closing a file that a defragmented one has replaced takes as long as the disk does. It comes
  // here once nobody reads it any more, on the last reader's thread; `close` is to be run once, on
  // a thread that may wait, or destroyed, which closes the file as well.
  std::function<void(base::Callback<void()> close)> close_replaced =
      [](base::Callback<void()> close) { close(); };
};

// Opens or creates the database file `path` (and `path`-lock beside it), with these buckets; their
// order may change from one opening to the next. One process at a time. The file never needs
// repair after a crash, but its pages have no checksums of their own: the whole file is checked
// here (lmdb_check.h), kDataLoss. A page that is damaged or cannot be read any more while the
// database is open is found as kDataLoss by what comes to it, and a commit that does is the last
// one.
//
// A defragmentation makes `path`.tmp and what begins with that, which the next opening removes if
// it was cut short; it reaches them through `disk`, which is the real one and outlives the backend.
base::Result<std::unique_ptr<Backend>> OpenLmdbBackend(runtime::Disk* disk, std::string path,
                                                       std::span<const std::string_view> buckets,
                                                       LmdbOptions options = {});

// What the database file `path` and an opening of it have, or a defragmentation has in the making:
// files, some of which may be missing.
std::vector<std::string> LmdbFiles(const std::string& path);
// Those of a defragmentation.
std::vector<std::string> LmdbFilesInTheMaking(const std::string& path);

// Puts the database at `from`, which nobody has open, in the place of the one at `to`, if there is
// one; who has that open goes on with what was there. Durable on return; a crash before finds one
// of the two at `to`, whole.
base::Status MoveLmdbDatabase(runtime::Disk& disk, const std::string& from, const std::string& to);

}  // namespace backend
