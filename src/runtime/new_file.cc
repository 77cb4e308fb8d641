#include "runtime/new_file.h"

#include <utility>

namespace runtime {
namespace {

constexpr int kNames = 100;

}  // namespace

base::Result<NewFile> CreateBeside(Disk& disk, const std::string& path, std::string_view suffix) {
  NewFile made{.path = path + std::string(suffix), .file = nullptr};
  for (int number = 2;; ++number) {
    auto file = disk.Open(made.path, OpenMode::kCreate);
    if (file.ok()) {
      made.file = *std::move(file);
      return made;
    }
    const bool is_taken = file.status().code() == base::Code::kAlreadyExists;
    if (!is_taken || number > kNames) return file.status();
    made.path = path + std::string(suffix) + "." + std::to_string(number);
  }
}

}  // namespace runtime
