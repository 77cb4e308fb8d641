#include "utl/any_database.h"

#include <filesystem>
#include <system_error>

namespace utl {

base::Result<std::string> MemberOf(const std::string& path) {
  std::error_code error;
  const auto snap = std::filesystem::canonical(path, error).parent_path();
  if (error || snap.filename() != "snap") {
    return base::Status(
        base::Code::kFailedPrecondition,
        path + ": does not lie in a data directory, as DATA_DIR/member/snap/db.mdb");
  }
  return snap.parent_path().string();
}

base::Result<std::unique_ptr<AnyDatabase>> AnyDatabase::Open(offline::Files& files,
                                                             const std::string& path,
                                                             const cli::Flags& flags) {
  RETURN_IF_ERROR(offline::CheckExists(files.disk(), path));
  std::unique_ptr<AnyDatabase> opened(new AnyDatabase());
  if (std::filesystem::path(path).filename() != "db.mdb") {
    ASSIGN_OR_RETURN(opened->image_, offline::Image::Open(files, path, flags));
    return opened;
  }
  ASSIGN_OR_RETURN(const std::string member, MemberOf(path));
  ASSIGN_OR_RETURN(opened->member_, offline::OpenMemberDatabaseToRead(files, member, flags));
  ASSIGN_OR_RETURN(opened->reader_, opened->member_.database->NewReader());
  opened->source_.emplace(opened->reader_.get());
  return opened;
}

}  // namespace utl
