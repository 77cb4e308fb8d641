#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "runtime/disk.h"

namespace runtime {

// A file in the making, which is removed unless it was finished: when this ends, or when a signal
// ends the program (unfinished.h). Nothing that is there is touched. Blocks.
class NewFile {
 public:
  // At `path` itself: kAlreadyExists if something is there.
  static base::Result<NewFile> At(Disk& disk, const std::string& path);
  // Beside `path`, whose place it is to take: under that name with `suffix` behind it or, where
  // something is there already, with a number behind that. kAlreadyExists if a hundred such names
  // are taken.
  static base::Result<NewFile> Beside(Disk& disk, const std::string& path, std::string_view suffix);
  NewFile(NewFile&& other) noexcept = default;
  NewFile& operator=(NewFile&& other) = delete;
  ~NewFile();

  // Where it is until it is finished.
  const std::string& path() const { return path_; }
  // Whether somebody had the first name that was tried.
  bool is_beside_another() const { return is_beside_another_; }
  File& file() { return *file_; }

  // It stays, in its place. Who wants that durable syncs file and directory.
  base::Status Finish();

 private:
  NewFile(Disk* disk, std::string target) : disk_(*disk), target_(std::move(target)) {}
  base::Status Create(const std::string& path);

  Disk& disk_;
  std::string target_;
  std::string path_;
  bool is_beside_another_ = false;
  std::unique_ptr<File> file_;  // null: it was finished, or never made
};

}  // namespace runtime
