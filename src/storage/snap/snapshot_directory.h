#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/callback.h"
#include "base/result.h"
#include "runtime/disk.h"
#include "storage/snap/snapshot_file.h"

namespace snap {

// The snapshot files of a member, `member/snap`. One thread at a time, which blocks on the disk.
class SnapshotDirectory {
 public:
  // `directory` exists; `disk` outlives this.
  SnapshotDirectory(runtime::Disk* disk, std::string_view directory)
      : disk_(*disk), directory_(directory) {}

  // Writes the file of a snapshot. Durable on return; after a crash before it is there whole or
  // not at all.
  base::Status Save(const Snapshot& snapshot);
  // The same for one that is encoded already.
  base::Status Save(const SnapshotName& name, base::ByteView file);

  // The newest snapshot that `is_usable` (one that the log has a mark of); nothing if there is
  // none. A file that cannot be believed is renamed to "<name>.broken" and passed over.
  using Predicate = base::Callback<bool(const SnapshotName&)>;
  base::Result<std::optional<Snapshot>> LoadNewest(Predicate is_usable);

  // Whether the file of a snapshot is as Save has left it, and its size. If not it is renamed to
  // "<name>.broken", durably, so that nobody reads it. One that is gone is whole. Also while
  // another thread uses the directory.
  struct Checked {
    bool is_whole = true;
    uint64_t bytes = 0;
  };
  base::Result<Checked> Check(const SnapshotName& name);

  // Removes all but the newest `keep` files, all but as many of the databases that were received
  // with a snapshot ("IIIIIIIIIIIIIIII.snap.db", the index in 16 hex digits), and what a crash left
  // half written.
  base::Status Purge(size_t keep);

  // Oldest first.
  base::Result<std::vector<SnapshotName>> List() const;

 private:
  // Of the files whose names end so; names in order are files in order.
  base::Status RemoveOldest(std::string_view suffix, size_t keep);
  std::string PathOf(const SnapshotName& name) const;

  runtime::Disk& disk_;
  const std::string directory_;
};

}  // namespace snap
