#include "utl/testing/golden.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "base/testing/source_path.h"

namespace utl::testing {

void ExpectGolden(const std::string& name, const std::string& text) {
  const std::string path = base::testing::SourcePath("src/utl/testdata/" + name);
  if (std::getenv("CORNERSTORE_REWRITE") != nullptr) {
    std::ofstream(path, std::ios::binary) << text;
    return;
  }
  std::ostringstream golden;
  golden << std::ifstream(path, std::ios::binary).rdbuf();
  EXPECT_EQ(text, golden.str()) << path;
}

}  // namespace utl::testing
