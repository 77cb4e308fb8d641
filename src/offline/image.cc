#include "offline/image.h"

#include "storage/snap/snapshot_digest.h"

namespace offline {

base::Result<std::unique_ptr<Image>> Image::Open(Files& files, const std::string& path,
                                                 const cli::Flags& flags) {
  std::unique_ptr<Image> image(new Image());
  ASSIGN_OR_RETURN(image->file_, files.disk().Open(path, runtime::OpenMode::kRead));
  ASSIGN_OR_RETURN(snap::SnapshotParts parts, snap::FindParts(*image->file_));
  if (!parts.has_digest) {
    ASSIGN_OR_RETURN(image->file_, OpenLocked(files, flags, path, runtime::OpenMode::kRead,
                                              "etcd runs on " + path));
    ASSIGN_OR_RETURN(parts, snap::FindParts(*image->file_));
  }
  ASSIGN_OR_RETURN(image->reader_,
                   snap::BboltReader::Open(image->file_.get(), path, parts.image_bytes));
  return image;
}

}  // namespace offline
