#include "runtime/new_file.h"

#include <utility>

#include "runtime/unfinished.h"

namespace runtime {
namespace {

constexpr int kNames = 100;

}  // namespace

base::Result<NewFile> NewFile::At(Disk& disk, const std::string& path) {
  NewFile made(&disk, path);
  RETURN_IF_ERROR(made.Create(path));
  return made;
}

base::Result<NewFile> NewFile::Beside(Disk& disk, const std::string& path,
                                      std::string_view suffix) {
  NewFile made(&disk, path);
  const std::string first = path + std::string(suffix);
  base::Status created = made.Create(first);
  for (int number = 2; created.code() == base::Code::kAlreadyExists && number <= kNames; ++number) {
    made.is_beside_another_ = true;
    created = made.Create(first + "." + std::to_string(number));
  }
  RETURN_IF_ERROR(created);
  return made;
}

NewFile::~NewFile() {
  if (std::exchange(file_, nullptr) == nullptr) return;
  Making({}, [this] { return disk_.Remove(path_); }).IgnoreError();
}

base::Status NewFile::Create(const std::string& path) {
  return Making({path}, [&]() -> base::Status {
    ASSIGN_OR_RETURN(file_, disk_.Open(path, OpenMode::kCreate));
    path_ = path;
    return {};
  });
}

base::Status NewFile::Finish() {
  RETURN_IF_ERROR(Making(
      {}, [this] { return path_ == target_ ? base::Status() : disk_.Rename(path_, target_); }));
  file_.reset();
  return {};
}

}  // namespace runtime
