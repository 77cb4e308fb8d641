#pragma once

#include <cstdint>
#include <string>

#include "base/bytes.h"
#include "base/status.h"
#include "raft/types.h"
#include "server/environment.h"

namespace peer {

// What unfinished work leaves has this in its name.
inline constexpr std::string_view kReceivingMark = ".receiving";

// A file with what has arrived of a snapshot's database, a bbolt file. It leaves as much of the
// disk to others as a spool does. Blocks; one thread at a time.
class ImageFile {
 public:
  // At `path`, which is replaced. `disk` outlives this.
  ImageFile(runtime::Disk* disk, std::string path) : disk_(*disk), path_(std::move(path)) {}

  // kResourceExhausted if that leaves too little of the disk to others.
  base::Status Append(base::ByteView bytes);
  // Closes and removes it.
  void Remove();

  const std::string& path() const { return path_; }
  uint64_t bytes() const { return bytes_; }
  const runtime::File* file() const { return file_.get(); }

 private:
  runtime::Disk& disk_;
  const std::string path_;
  std::unique_ptr<runtime::File> file_;  // null before the first bytes
  uint64_t bytes_ = 0;
};

// Makes of the image, which came with `snapshot`, a database as this member has them, and puts it
// at `path`. Everything in it is checked before, and it is durable on return; if anything is wrong
// nothing is at `path` that was not there before, and nothing else was touched. kDataLoss for an
// image that is damaged or not as of the snapshot's entry; the errors of image::ImportDatabase.
// Blocks.
base::Status ImportSnapshot(const server::Environment& environment, const ImageFile& image,
                            const raft::Snapshot& snapshot, const std::string& path);

// Removes what was left by work of the two that did not come to its end, in the directory. Blocks.
base::Status RemoveUnfinished(runtime::Disk& disk, const std::string& directory);

}  // namespace peer
