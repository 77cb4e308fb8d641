#include "base/testing/golden.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "base/testing/source_path.h"

namespace base::testing {

void ExpectGolden(const std::string& path, const std::string& text) {
  const std::string file = SourcePath(path);
  if (std::getenv("CORNERSTORE_REWRITE") != nullptr) {
    std::ofstream(file, std::ios::binary) << text;
    return;
  }
  std::ostringstream golden;
  golden << std::ifstream(file, std::ios::binary).rdbuf();
  EXPECT_EQ(text, golden.str()) << file;
}

}  // namespace base::testing
