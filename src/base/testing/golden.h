#pragma once

#include <string>

namespace base::testing {

// Expects `text` to be what the file at `path` of the source holds ("src/ctl/testdata/help.txt").
// With CORNERSTORE_REWRITE in the environment the file is recorded anew; commit it only if you can
// explain each difference.
void ExpectGolden(const std::string& path, const std::string& text);

}  // namespace base::testing
