#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "cli/flags.h"
#include "offline/files.h"
#include "storage/snap/bbolt_reader.h"
#include "storage/snap/snapshot_digest.h"

namespace offline {

// A file in bbolt's format, to be read: a snapshot, or a database, which an etcd may run on and
// which is locked against that.
class Image {
 public:
  // Waits for the lock as long as --timeout says.
  static base::Result<std::unique_ptr<Image>> Open(Files& files, const std::string& path,
                                                   const cli::Flags& flags);

  snap::BboltReader& reader() { return *reader_; }

  // Reads the file again. kDataLoss, naming it, if it has a digest that is not its own.
  base::Status CheckDigest() const;

 private:
  Image() = default;

  std::string path_;
  std::unique_ptr<runtime::File> file_;
  snap::SnapshotParts parts_;
  std::unique_ptr<snap::BboltReader> reader_;
};

}  // namespace offline
