#include "base/testing/source_path.h"

namespace base::testing {

// CORNERSTORE_SOURCE_DIR is this file's alone: where the repository lies is nothing to the objects
// of all others, which a cache of compilers may then give to another clone.
std::string SourcePath(std::string_view path) {
  return std::string(CORNERSTORE_SOURCE_DIR) + '/' + std::string(path);
}

}  // namespace base::testing
