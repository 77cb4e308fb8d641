#include "server/new_directory.h"

#include <string_view>
#include <utility>

#include "base/go_text.h"
#include "runtime/unfinished.h"

namespace server {
namespace {

using runtime::JoinPath;
using runtime::ParentPath;

constexpr std::string_view kLeftover =
    ", where the new directory is made before it takes its name; if it is what an earlier try has "
    "left, remove it";

base::Status Refused(std::string what) {
  return {base::Code::kFailedPrecondition, std::move(what)};
}

}  // namespace

NewDirectory::NewDirectory(runtime::Disk* disk, const Options& options, Making making)
    : disk_(*disk),
      options_(options),
      making_(making),
      place_(options),
      scratch_(making == Making::kBeside ? options.data_dir + ".part" : place_.restoring),
      log_scratch_(options.wal_dir.empty()
                       ? ""
                       : options.wal_dir + (making == Making::kBeside ? ".part" : ".restoring")),
      building_(Building()) {}

Paths NewDirectory::Building() const {
  Options options = options_;
  options.data_dir = scratch_;
  options.wal_dir = log_scratch_.empty() ? "" : JoinPath(log_scratch_, "wal");
  return Paths(options);
}

base::Status NewDirectory::CheckPlace() {
  ASSIGN_OR_RETURN(had_directory_, disk_.Exists(options_.data_dir));
  if (had_directory_) {
    const auto names = disk_.List(options_.data_dir);
    const bool is_leftover = making_ == Making::kInside && names.ok() && names->size() == 1 &&
                             JoinPath(options_.data_dir, names->front()) == scratch_;
    if (!names.ok() || !names->empty()) {
      return Refused("data-dir " + base::Quote(options_.data_dir) +
                     " not empty or could not be read" +
                     (is_leftover ? "; " + scratch_ + " exists" + std::string(kLeftover) : ""));
    }
  }
  RETURN_IF_ERROR(RequireAbsent(place_.wal));
  if (making_ == Making::kBeside) RETURN_IF_ERROR(RequireFree(scratch_));
  if (log_scratch_.empty()) return {};
  return RequireFree(log_scratch_);
}

base::Status NewDirectory::RequireAbsent(const std::string& log) const {
  ASSIGN_OR_RETURN(const bool exists, disk_.Exists(log));
  return exists ? Refused("wal-dir " + base::Quote(log) + " exists") : base::Status();
}

base::Status NewDirectory::RequireFree(const std::string& scratch) const {
  ASSIGN_OR_RETURN(const bool exists, disk_.Exists(scratch));
  if (!exists) return {};
  return Refused(scratch + " exists" + std::string(kLeftover) + ", else choose another name");
}

base::Status NewDirectory::Make(base::Callback<base::Status(const Paths& paths)> build) {
  // Others may have come since it was looked at.
  RETURN_IF_ERROR(CheckPlace());
  runtime::Making(AllNames());
  base::Status made = Create();
  if (made.ok()) made = build(building_);
  if (made.ok()) made = Move();
  if (!made.ok()) RemoveAll();
  return made;
}

base::Status NewDirectory::Create() {
  RETURN_IF_ERROR(disk_.CreateDirectories(building_.snap));
  return log_scratch_.empty() ? base::Status() : disk_.CreateDirectories(log_scratch_);
}

// The log first: without the directory beside it nobody takes it for one.
base::Status NewDirectory::Move() {
  if (!log_scratch_.empty()) {
    RETURN_IF_ERROR(disk_.Rename(building_.wal, place_.wal));
    RETURN_IF_ERROR(disk_.RemoveAll(log_scratch_));
    RETURN_IF_ERROR(disk_.SyncDirectory(ParentPath(place_.wal)));
  }
  RETURN_IF_ERROR(disk_.SyncDirectory(building_.member));
  if (making_ == Making::kInside) return MoveInside();
  RETURN_IF_ERROR(disk_.SyncDirectory(scratch_));
  RETURN_IF_ERROR(
      runtime::Making({}, [this] { return disk_.Rename(scratch_, options_.data_dir); }));
  return disk_.SyncDirectory(ParentPath(options_.data_dir));
}

base::Status NewDirectory::MoveInside() {
  const base::Status moved = runtime::Making({}, [this] {
    const base::Status renamed = disk_.Rename(building_.member, place_.member);
    return renamed.ok() ? disk_.RemoveAll(scratch_) : renamed;
  });
  RETURN_IF_ERROR(moved);
  RETURN_IF_ERROR(disk_.SyncDirectory(options_.data_dir));
  return disk_.SyncDirectory(ParentPath(options_.data_dir));
}

std::vector<std::string> NewDirectory::AllNames() const {
  std::vector<std::string> names = {place_.member, place_.wal, scratch_};
  if (!log_scratch_.empty()) names.push_back(log_scratch_);
  if (!had_directory_) names.push_back(options_.data_dir);
  return names;
}

void NewDirectory::RemoveAll() {
  for (const std::string& path : AllNames()) (void)disk_.RemoveAll(path);
  runtime::Making({});
}

}  // namespace server
