#include "app/directory_lock.h"

#include <optional>

namespace app {
namespace {

constexpr runtime::Duration kWarningInterval = std::chrono::seconds(10);

}  // namespace

base::Result<std::unique_ptr<runtime::File>> LockDirectory(runtime::Disk& disk,
                                                           const std::string& data_dir,
                                                           const observe::Logger& logger,
                                                           const runtime::Clock& clock,
                                                           const std::function<bool()>& pause) {
  const std::string member = runtime::JoinPath(data_dir, "member");
  RETURN_IF_ERROR(disk.CreateDirectories(member));
  const std::string path = runtime::JoinPath(member, "lock");
  ASSIGN_OR_RETURN(auto file, disk.Open(path, runtime::OpenMode::kCreateOrTruncate));
  const runtime::TimePoint start = clock.Now();
  std::optional<runtime::TimePoint> warned;
  for (;;) {
    const base::Status status = file->Lock();
    if (status.ok()) return file;
    if (status.code() != base::Code::kUnavailable) return status;
    const runtime::TimePoint now = clock.Now();
    if (!warned.has_value() || now - *warned >= kWarningInterval) {
      // Compat: etcd's words, which its operators look for.
      logger.Warn("db file is flocked by another process, or taking too long",
                  {{"path", path}, {"took", now - start}});
      warned = now;
    }
    if (!pause()) return base::Status(base::Code::kCanceled, path + ": the wait was given up");
  }
}

}  // namespace app
