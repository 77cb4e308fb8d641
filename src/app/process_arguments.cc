#include "app/process_arguments.h"

namespace app {
namespace {

constexpr size_t kBytesMax = 1 << 20;

}  // namespace

std::vector<std::string> ProcessArguments(runtime::Disk& disk) {
  const auto file = disk.Open("/proc/self/cmdline", runtime::OpenMode::kRead);
  base::Bytes text;
  if (!file.ok() || !(*file)->ReadAt(0, kBytesMax, &text).ok()) return {};
  // Each ends in a zero.
  std::vector<std::string> arguments;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find('\0', begin), text.size());
    arguments.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return arguments;
}

}  // namespace app
