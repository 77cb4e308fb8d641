#include "offline/image.h"

namespace offline {

base::Result<std::unique_ptr<Image>> Image::Open(Files& files, const std::string& path,
                                                 const cli::Flags& flags) {
  std::unique_ptr<Image> image(new Image());
  image->path_ = path;
  ASSIGN_OR_RETURN(image->file_, files.disk().Open(path, runtime::OpenMode::kRead));
  ASSIGN_OR_RETURN(image->parts_, snap::FindParts(*image->file_));
  if (!image->parts_.has_digest) {
    ASSIGN_OR_RETURN(image->file_, OpenLocked(files, flags, path, runtime::OpenMode::kRead,
                                              "etcd runs on " + path));
    ASSIGN_OR_RETURN(image->parts_, snap::FindParts(*image->file_));
  }
  ASSIGN_OR_RETURN(image->reader_,
                   snap::BboltReader::Open(image->file_.get(), path, image->parts_.image_bytes));
  return image;
}

base::Status Image::CheckDigest() const {
  return parts_.has_digest ? snap::VerifyDigest(*file_, path_, parts_) : base::Status();
}

}  // namespace offline
