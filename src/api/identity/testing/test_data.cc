#include "api/identity/testing/test_data.h"

#include <fstream>
#include <iterator>

#include "base/check.h"
#include "base/testing/source_path.h"

namespace identity::testing {

std::string TestData(std::string_view name) {
  std::ifstream file(base::testing::SourcePath("src/api/identity/testdata/" + std::string(name)),
                     std::ios::binary);
  CHECK(file.is_open());
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace identity::testing
