#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "base/status.h"
#include "cli/command.h"
#include "observe/log.h"
#include "runtime/disk.h"
#include "runtime/posix/clock.h"
#include "runtime/posix/disk.h"
#include "storage/backend/backend.h"

// What the commands do their work with.

namespace offline {

// The files of this machine, and the log of the commands: lines of the console's form on standard
// error.
class Files {
 public:
  Files();

  runtime::Disk& disk() { return disk_; }
  const runtime::Clock& clock() const { return clock_; }
  const observe::Logger& logger() const { return *logger_; }

 private:
  runtime::posix::Disk disk_;
  runtime::posix::Clock clock_;
  std::unique_ptr<observe::LogSink> sink_;
  std::unique_ptr<observe::Logger> logger_;
};

// As os.Stat: kNotFound with Go's text.
base::Status CheckExists(runtime::Disk& disk, const std::string& path);

// Opens a file and takes its lock, waiting as long as --timeout says; kUnavailable, saying that
// `who` has it, if that was not long enough. It is the file that the path names then, whatever was
// put there meanwhile.
base::Result<std::unique_ptr<runtime::File>> OpenLocked(Files& files, const cli::Flags& flags,
                                                        const std::string& path,
                                                        runtime::OpenMode mode,
                                                        const std::string& who);

// The lock that keeps a member away from its directory, DATA_DIR/member. Waits for it as long as
// --timeout says.
base::Result<std::unique_ptr<runtime::File>> LockMember(Files& files, const std::string& member_dir,
                                                        const cli::Flags& flags);

// The same for the member whose database lies at `database`, DATA_DIR/member/snap/db.mdb however
// the path is written, by a lock file that is there: nothing is made. Null if there is none, so
// that no member can run on it.
base::Result<std::unique_ptr<runtime::File>> LockMemberOf(Files& files, const std::string& database,
                                                          const cli::Flags& flags);

// The database of a member whose directory is DATA_DIR/member, and its lock, as LockMember.
struct MemberDatabase {
  std::unique_ptr<runtime::File> lock;
  std::unique_ptr<backend::Backend> database;
};
base::Result<MemberDatabase> OpenMemberDatabase(Files& files, const std::string& member_dir,
                                                const cli::Flags& flags);

// The same to read from: neither it nor anything beside it is changed, so that the folder may be
// one in which the user must not write. No member runs on it meanwhile: its lock file is locked as
// it is, or made where there is none; kPermissionDenied, with advice, if it cannot be made.
base::Result<MemberDatabase> OpenMemberDatabaseToRead(Files& files, const std::string& member_dir,
                                                      const cli::Flags& flags);
// Without the lock, which the caller has.
base::Result<std::unique_ptr<backend::Backend>> OpenDatabaseToRead(Files& files,
                                                                   const std::string& path);

// A directory's name as one under which others can lie beside it.
std::string WithoutSlashes(std::string path);

// `status` as a command ends with it.
cli::Outcome Failure(const base::Status& status);

}  // namespace offline
