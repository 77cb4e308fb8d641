#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "cli/flags.h"
#include "offline/files.h"
#include "offline/image.h"
#include "storage/backend/backend.h"
#include "storage/image/reader_source.h"
#include "storage/snap/source.h"

namespace utl {

// The directory DATA_DIR/member of the member that has its database at `path`, DATA_DIR/member/
// snap/db.mdb however that is written; kFailedPrecondition if it lies elsewhere.
base::Result<std::string> MemberOf(const std::string& path);

// A database that is read: a snapshot or etcd's, in bbolt's format, or that of a member of ours,
// which has the name db.mdb. No member and no etcd runs on it meanwhile.
class AnyDatabase {
 public:
  // Waits for the lock as long as --timeout says.
  static base::Result<std::unique_ptr<AnyDatabase>> Open(offline::Files& files,
                                                         const std::string& path,
                                                         const cli::Flags& flags);

  snap::Source& source() {
    if (image_ != nullptr) return image_->reader();
    return *source_;
  }

 private:
  AnyDatabase() = default;

  std::unique_ptr<offline::Image> image_;
  // Of ours, in the order in which they need each other.
  offline::MemberDatabase member_;
  std::unique_ptr<backend::Reader> reader_;
  std::optional<image::ReaderSource> source_;
};

}  // namespace utl
