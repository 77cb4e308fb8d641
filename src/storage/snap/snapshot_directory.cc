#include "storage/snap/snapshot_directory.h"

#include <algorithm>
#include <memory>

namespace snap {
namespace {

// Of the name of a file that is being written.
constexpr std::string_view kUnfinished = ".snap.part";
constexpr std::string_view kReceivedDatabase = ".snap.db";

}  // namespace

base::Status SnapshotDirectory::Save(const Snapshot& snapshot) {
  return Save({snapshot.term, snapshot.index}, EncodeSnapshotFile(snapshot));
}

base::Status SnapshotDirectory::Save(const SnapshotName& name, base::ByteView file) {
  const std::string path = PathOf(name);
  const std::string part = path + ".part";
  {
    ASSIGN_OR_RETURN(const auto out, disk_.Open(part, runtime::OpenMode::kCreateOrTruncate));
    RETURN_IF_ERROR(out->WriteAt(0, file));
    RETURN_IF_ERROR(out->Sync());
  }
  RETURN_IF_ERROR(disk_.Rename(part, path));
  return disk_.SyncDirectory(directory_);
}

base::Result<std::optional<Snapshot>> SnapshotDirectory::LoadNewest(Predicate is_usable) {
  ASSIGN_OR_RETURN(const auto names, List());
  for (auto name = names.rbegin(); name != names.rend(); ++name) {
    if (!is_usable(*name)) continue;
    const std::string path = PathOf(*name);
    ASSIGN_OR_RETURN(const base::Bytes bytes, runtime::ReadFile(disk_, path));
    auto snapshot = ParseSnapshotFile(bytes);
    if (snapshot && SnapshotName{snapshot->term, snapshot->index} == *name) return snapshot;
    RETURN_IF_ERROR(disk_.Rename(path, path + ".broken"));
  }
  return std::optional<Snapshot>();
}

base::Result<SnapshotDirectory::Checked> SnapshotDirectory::Check(const SnapshotName& name) {
  const std::string path = PathOf(name);
  const auto bytes = runtime::ReadFile(disk_, path);
  if (bytes.status().code() == base::Code::kNotFound) return Checked();
  RETURN_IF_ERROR(bytes.status());
  const auto snapshot = ParseSnapshotFile(*bytes);
  Checked checked{.is_whole = snapshot && SnapshotName{snapshot->term, snapshot->index} == name,
                  .bytes = bytes->size()};
  if (checked.is_whole) return checked;
  const base::Status renamed = disk_.Rename(path, path + ".broken");
  if (renamed.code() == base::Code::kNotFound) return Checked();
  RETURN_IF_ERROR(renamed);
  RETURN_IF_ERROR(disk_.SyncDirectory(directory_));
  return checked;
}

base::Status SnapshotDirectory::Purge(size_t keep) {
  RETURN_IF_ERROR(RemoveOldest(kUnfinished, 0));
  RETURN_IF_ERROR(RemoveOldest(kReceivedDatabase, keep));
  ASSIGN_OR_RETURN(const auto names, List());
  for (size_t i = 0; i + keep < names.size(); ++i) {
    const base::Status removed = disk_.Remove(PathOf(names[i]));
    // It may have been found damaged, and renamed.
    if (!removed.ok() && removed.code() != base::Code::kNotFound) return removed;
  }
  return disk_.SyncDirectory(directory_);
}

base::Status SnapshotDirectory::RemoveOldest(std::string_view suffix, size_t keep) {
  ASSIGN_OR_RETURN(auto files, disk_.List(directory_));
  std::erase_if(files, [suffix](const std::string& file) {
    return !std::string_view(file).ends_with(suffix);
  });
  for (size_t i = 0; i + keep < files.size(); ++i) {
    RETURN_IF_ERROR(disk_.Remove(runtime::JoinPath(directory_, files[i])));
  }
  return {};
}

base::Result<std::vector<SnapshotName>> SnapshotDirectory::List() const {
  ASSIGN_OR_RETURN(const auto files, disk_.List(directory_));
  std::vector<SnapshotName> names;
  for (const std::string& file : files) {
    if (const auto name = SnapshotName::Parse(file)) names.push_back(*name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::string SnapshotDirectory::PathOf(const SnapshotName& name) const {
  return runtime::JoinPath(directory_, name.ToString());
}

}  // namespace snap
