#include "ctl/context_file.h"

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>
#include <system_error>
#include <utility>

#include "ctl/pause.h"
#include "runtime/disk.h"
#include "runtime/new_file.h"
#include "runtime/posix/disk.h"
#include "runtime/posix/permissions.h"
#include "runtime/time.h"

namespace ctl {
namespace {

constexpr uint64_t kBytesMax = 1u << 20;
constexpr unsigned kOthers = 077;
constexpr runtime::Duration kLockTimeout = std::chrono::seconds(10);
constexpr runtime::Duration kLockPause = std::chrono::milliseconds(5);

base::Status Refused(const std::string& path, std::string_view why) {
  return {base::Code::kInvalidArgument, path + ": " + std::string(why)};
}

std::string Variable(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

// The file itself, where the path is a link: the link stays, as people keep it beside others.
std::string BehindLinks(const std::string& path) {
  std::error_code error;
  const std::filesystem::path file = std::filesystem::canonical(path, error);
  return error ? path : file.string();
}

}  // namespace

std::string ContextFilePath() {
  std::string folder = Variable("XDG_CONFIG_HOME");
  // As freedesktop.org has it: a path that is not absolute is no setting.
  if (!folder.starts_with('/')) {
    const std::string home = Variable("HOME");
    if (home.empty()) return "";
    folder = home + "/.config";
  }
  return folder + "/etcdctl/contexts.yaml";
}

base::Result<Contexts> LoadContexts(const std::string& path) {
  if (path.empty()) return Contexts{};
  runtime::posix::Disk disk;
  ASSIGN_OR_RETURN(const bool exists, disk.Exists(path));
  if (!exists) return Contexts{};
  ASSIGN_OR_RETURN(const std::unique_ptr<runtime::File> file,
                   disk.Open(path, runtime::OpenMode::kRead));
  ASSIGN_OR_RETURN(const uint64_t size, file->Size());
  if (size > kBytesMax) return Refused(path, "this is too large for contexts");
  base::Bytes bytes;
  RETURN_IF_ERROR(file->ReadAt(0, size, &bytes));
  base::Result<Contexts> contexts = ParseContexts(bytes);
  if (!contexts.ok()) return Refused(path, contexts.status().message());
  const std::optional<unsigned> permissions = runtime::posix::FilePermissions(path);
  if (HasSecrets(*contexts) && (permissions.value_or(0) & kOthers) != 0) {
    return Refused(path, "others may read the password in it (" +
                             runtime::posix::PermissionText(*permissions) +
                             "); change that with: chmod 600");
  }
  return contexts;
}

// A file of its own, which stays: the other one is replaced by each change.
base::Result<std::unique_ptr<runtime::File>> LockContexts(const std::string& path) {
  runtime::posix::Disk disk;
  RETURN_IF_ERROR(disk.CreateDirectories(runtime::ParentPath(path)));
  auto opened = disk.Open(path + ".lock", runtime::OpenMode::kCreate);
  if (!opened.ok()) opened = disk.Open(path + ".lock", runtime::OpenMode::kWrite);
  ASSIGN_OR_RETURN(std::unique_ptr<runtime::File> file, std::move(opened));
  base::Status status;
  for (runtime::Duration waited{0}; waited < kLockTimeout; waited += kLockPause) {
    status = file->Lock();
    if (status.ok()) return file;
    Pause(kLockPause);
  }
  return status;
}

base::Status SaveContexts(const std::string& path, const Contexts& contexts) {
  runtime::posix::Disk disk;
  RETURN_IF_ERROR(disk.CreateDirectories(runtime::ParentPath(path)));
  const std::string place = BehindLinks(path);
  ASSIGN_OR_RETURN(auto made, runtime::NewFile::Beside(disk, place, ".new"));
  RETURN_IF_ERROR(made.file().WriteAt(0, FormatContexts(contexts)));
  RETURN_IF_ERROR(made.file().Sync());
  RETURN_IF_ERROR(made.Finish());
  return disk.SyncDirectory(runtime::ParentPath(place));
}

}  // namespace ctl
