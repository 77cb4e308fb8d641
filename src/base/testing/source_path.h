#pragma once

#include <string>
#include <string_view>

namespace base::testing {

// Where a file of the repository lies, for tests that read what is kept there. `path` is from the
// repository's root: "src/raft/testdata".
std::string SourcePath(std::string_view path);

}  // namespace base::testing
