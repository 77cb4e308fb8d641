#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "runtime/disk.h"

namespace runtime {

// A file in the making that is to take another one's place.
struct NewFile {
  std::string path;
  std::unique_ptr<File> file;
};

// Makes a file beside `path`: that name with `suffix` behind it or, where something is there
// already, with a number behind that. Nothing that is there is touched. kAlreadyExists if a hundred
// such names are taken. Blocks.
base::Result<NewFile> CreateBeside(Disk& disk, const std::string& path, std::string_view suffix);

}  // namespace runtime
