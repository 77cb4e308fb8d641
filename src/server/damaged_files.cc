#include "server/damaged_files.h"

#include <utility>

#include "server/data_directory.h"
#include "state/members/membership.h"
#include "storage/wal/reader.h"
#include "storage/wal/segment.h"

namespace server {
namespace {

using runtime::JoinPath;

constexpr std::string_view kAside = "replaced-by-";
// Held by the process that is at it (app/directory_lock.h).
constexpr std::string_view kLock = "lock";

// All that is in `from`; what is kept there already stays.
base::Status MoveAll(runtime::Disk& disk, const std::string& from, const std::string& to) {
  ASSIGN_OR_RETURN(const bool exists, disk.Exists(from));
  if (!exists) return {};
  ASSIGN_OR_RETURN(const std::vector<std::string> names, disk.List(from));
  RETURN_IF_ERROR(disk.CreateDirectories(to));
  for (const std::string& name : names) {
    if (name == kLock || name.starts_with(kAside)) continue;
    ASSIGN_OR_RETURN(const bool is_there, disk.Exists(JoinPath(to, name)));
    if (is_there) continue;
    RETURN_IF_ERROR(disk.Rename(JoinPath(from, name), JoinPath(to, name)));
  }
  RETURN_IF_ERROR(disk.SyncDirectory(to));
  RETURN_IF_ERROR(disk.SyncDirectory(runtime::ParentPath(to)));
  return disk.SyncDirectory(from);
}

base::Result<std::vector<members::Member>> ReadMembers(const Options& options,
                                                       const Environment& environment) {
  const std::string path = Paths(options).database;
  std::vector<members::Member> found;
  ASSIGN_OR_RETURN(const bool exists, environment.disk->Exists(path));
  if (!exists) return found;
  ASSIGN_OR_RETURN(const auto database, environment.open_backend(path, environment.on_damage));
  ASSIGN_OR_RETURN(const auto reader, database->NewReader());
  ASSIGN_OR_RETURN(const auto membership, members::Membership::Load(*reader, /*buffer=*/nullptr));
  for (const auto& [id, member] : membership.members()) found.push_back(member);
  return found;
}

}  // namespace

base::Result<std::optional<LogMetadata>> OwnerOf(runtime::Disk& disk, const Options& options) {
  const std::string directory = Paths(options).wal;
  ASSIGN_OR_RETURN(const bool has_log, wal::HasLog(disk, directory));
  if (!has_log) return std::optional<LogMetadata>();
  ASSIGN_OR_RETURN(const wal::Remains remains, wal::ReadRemains(disk, directory));
  const auto metadata = ParseMetadata(remains.metadata);
  return metadata.ok() ? std::optional(*metadata) : std::nullopt;
}

std::vector<members::Member> MembersIn(const Options& options, const Environment& environment) {
  base::Result<std::vector<members::Member>> members = ReadMembers(options, environment);
  return members.ok() ? *std::move(members) : std::vector<members::Member>();
}

std::string AsidePath(const Options& options, base::MemberId successor) {
  return JoinPath(options.data_dir, std::string(kAside) + members::HexText(successor.value()));
}

std::string AsideLogPath(const Options& options, base::MemberId successor) {
  if (options.wal_dir.empty()) return JoinPath(AsidePath(options, successor), "wal");
  return JoinPath(options.wal_dir, std::string(kAside) + members::HexText(successor.value()));
}

base::Status PutFilesAside(runtime::Disk& disk, const Options& options, base::MemberId successor) {
  const Paths paths(options);
  RETURN_IF_ERROR(MoveAll(disk, paths.wal, AsideLogPath(options, successor)));
  return MoveAll(disk, paths.member, AsidePath(options, successor));
}

}  // namespace server
