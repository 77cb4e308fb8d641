#include "ctl/context_file.h"

#include <cstdlib>
#include <memory>
#include <optional>
#include <utility>

#include "runtime/disk.h"
#include "runtime/posix/disk.h"
#include "runtime/posix/permissions.h"

namespace ctl {
namespace {

constexpr uint64_t kBytesMax = 1u << 20;
constexpr unsigned kOthers = 077;

base::Status Refused(const std::string& path, std::string_view why) {
  return {base::Code::kInvalidArgument, path + ": " + std::string(why)};
}

std::string Variable(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? "" : value;
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

base::Status SaveContexts(const std::string& path, const Contexts& contexts) {
  runtime::posix::Disk disk;
  const std::string folder(runtime::ParentPath(path));
  RETURN_IF_ERROR(disk.CreateDirectories(folder));
  const std::string part = path + ".new";
  // What is left of a writer that was killed may have any mode.
  disk.Remove(part).IgnoreError();
  {
    ASSIGN_OR_RETURN(const std::unique_ptr<runtime::File> file,
                     disk.Open(part, runtime::OpenMode::kCreate));
    base::Status status = file->WriteAt(0, FormatContexts(contexts));
    if (status.ok()) status = file->Sync();
    if (!status.ok()) {
      disk.Remove(part).IgnoreError();
      return status;
    }
  }
  RETURN_IF_ERROR(disk.Rename(part, path));
  return disk.SyncDirectory(folder);
}

}  // namespace ctl
