#pragma once

#include <string>

namespace utl::testing {

// Expects `text` to be what src/utl/testdata/`name` holds. With CORNERSTORE_REWRITE in the
// environment the file is recorded anew; commit it only if you can explain each difference.
void ExpectGolden(const std::string& name, const std::string& text);

}  // namespace utl::testing
