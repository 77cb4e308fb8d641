#include "offline/files.h"

#include <poll.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <system_error>
#include <utility>

#include "base/check.h"
#include "cli/progress.h"
#include "observe/log_outputs.h"
#include "storage/backend/lmdb_backend.h"
#include "storage/backend/lmdb_file.h"
#include "storage/schema/schema.h"

namespace offline {
namespace {

constexpr int kPauseMilliseconds = 50;

std::string DatabaseOf(const std::string& member_dir) {
  return runtime::JoinPath(runtime::JoinPath(member_dir, "snap"), "db.mdb");
}

// Each line is out before the command goes on, and stands alone on a terminal that shows how far
// the command is.
class LineByLine final : public observe::LogSink {
 public:
  explicit LineByLine(std::unique_ptr<observe::LogSink> sink) : sink_(std::move(sink)) {}

  void Write(std::string_view line) override {
    if (is_terminal_) {
      sink_->Write(cli::kClearLine + std::string(line));
    } else {
      sink_->Write(line);
    }
    sink_->Flush();
  }
  void Flush() override { sink_->Flush(); }

 private:
  const std::unique_ptr<observe::LogSink> sink_;
  const bool is_terminal_ = isatty(STDERR_FILENO) == 1;
};

}  // namespace

Files::Files() {
  auto sink = observe::OpenLogOutputs({});
  CHECK(sink.ok());
  sink_ = std::make_unique<LineByLine>(*std::move(sink));
  logger_ = std::make_unique<observe::Logger>(
      &clock_, sink_.get(), observe::Logger::Options{.format = observe::LogFormat::kConsole});
}

base::Status CheckExists(runtime::Disk& disk, const std::string& path) {
  ASSIGN_OR_RETURN(const bool exists, disk.Exists(path));
  if (exists) return {};
  return {base::Code::kNotFound, "stat " + path + ": no such file or directory"};
}

base::Result<std::unique_ptr<runtime::File>> OpenLocked(Files& files, const cli::Flags& flags,
                                                        const std::string& path,
                                                        runtime::OpenMode mode,
                                                        const std::string& who) {
  const std::chrono::nanoseconds timeout = flags.GetDuration("timeout");
  const runtime::TimePoint start = files.clock().Now();
  while (true) {
    // Why again each time: etcd puts another file in the place of one that it defragments.
    ASSIGN_OR_RETURN(auto file, files.disk().Open(path, mode));
    const base::Status locked = file->Lock();
    if (locked.ok()) return file;
    if (locked.code() != base::Code::kUnavailable) return locked;
    if (timeout.count() > 0 && files.clock().Now() - start >= timeout) {
      return base::Status(base::Code::kUnavailable, "timeout: " + who + "; stop it first");
    }
    ::poll(nullptr, 0, kPauseMilliseconds);
  }
}

base::Result<std::unique_ptr<runtime::File>> LockMember(Files& files, const std::string& member_dir,
                                                        const cli::Flags& flags) {
  return OpenLocked(files, flags, runtime::JoinPath(member_dir, "lock"),
                    runtime::OpenMode::kCreateOrTruncate, "a member runs on " + member_dir);
}

base::Result<std::unique_ptr<runtime::File>> LockMemberOf(Files& files, const std::string& database,
                                                          const cli::Flags& flags) {
  std::unique_ptr<runtime::File> none;
  std::error_code error;
  const auto snap = std::filesystem::canonical(database, error).parent_path();
  if (error || snap.filename() != "snap") return none;
  const std::string member_dir = snap.parent_path().string();
  const std::string path = runtime::JoinPath(member_dir, "lock");
  ASSIGN_OR_RETURN(const bool exists, files.disk().Exists(path));
  if (!exists) return none;
  return OpenLocked(files, flags, path, runtime::OpenMode::kRead, "a member runs on " + member_dir);
}

base::Result<MemberDatabase> OpenMemberDatabase(Files& files, const std::string& member_dir,
                                                const cli::Flags& flags) {
  MemberDatabase opened;
  ASSIGN_OR_RETURN(opened.lock, LockMember(files, member_dir, flags));
  ASSIGN_OR_RETURN(opened.database, backend::OpenLmdbBackend(&files.disk(), DatabaseOf(member_dir),
                                                             schema::kBucketNames));
  return opened;
}

base::Result<MemberDatabase> OpenMemberDatabaseToRead(Files& files, const std::string& member_dir,
                                                      const cli::Flags& flags) {
  MemberDatabase opened;
  ASSIGN_OR_RETURN(opened.lock, LockMemberOf(files, DatabaseOf(member_dir), flags));
  if (opened.lock == nullptr) {
    auto made = LockMember(files, member_dir, flags);
    if (made.status().code() == base::Code::kPermissionDenied) {
      return base::Status(made.status().code(),
                          std::string(made.status().message()) +
                              "; without that file a member might start meanwhile: read a copy of "
                              "the directory");
    }
    ASSIGN_OR_RETURN(opened.lock, std::move(made));
  }
  ASSIGN_OR_RETURN(opened.database, OpenDatabaseToRead(files, DatabaseOf(member_dir)));
  return opened;
}

// Why LMDB may do without its own lock file: that tells a writer of another process which pages are
// still read, and who writes the database has the member's lock.
base::Result<std::unique_ptr<backend::Backend>> OpenDatabaseToRead(Files& files,
                                                                   const std::string& path) {
  constexpr size_t kFirst = schema::Id(schema::Bucket::kV2);  // later versions have more
  return backend::OpenLmdbToRead(files.disk(), path, schema::kBucketNames, kFirst,
                                 backend::LmdbOptions().map_bytes);
}

std::string WithoutSlashes(std::string path) {
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  return path;
}

cli::Outcome Failure(const base::Status& status) {
  if (status.ok()) return {};
  return cli::Failed(cli::kExitError, std::string(status.message()));
}

}  // namespace offline
