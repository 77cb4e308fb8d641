#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

#include "base/testing/source_path.h"
#include "cli/run.h"
#include "ctl/command.h"

namespace ctl {
namespace {

using ::testing::EndsWith;

// A command line that is refused before anything is asked, with how real etcdctl 3.7.1 ends.
struct Refusal {
  std::string line;
  int status = 0;
  std::string error;
};

std::vector<Refusal> Recorded() {
  std::ifstream file(base::testing::SourcePath("src/ctl/testdata/refusals.txt"));
  std::vector<Refusal> refusals;
  Refusal refusal;
  while (file >> refusal.status && file.ignore() && std::getline(file, refusal.line) &&
         std::getline(file >> std::ws, refusal.error)) {
    refusals.push_back(refusal);
  }
  EXPECT_TRUE(file.eof());
  return refusals;
}

TEST(RefusalsTest, WrongCommandLinesEndAsTheyDoInEtcdctl) {
  const std::vector<Refusal> refusals = Recorded();
  ASSERT_GT(refusals.size(), 50U);
  for (const Refusal& refusal : refusals) {
    std::istringstream line(refusal.line);
    const std::vector<std::string> words{std::istream_iterator<std::string>(line), {}};
    ::testing::internal::CaptureStderr();
    EXPECT_EQ(cli::Run(RootCommand(), words), refusal.status) << refusal.line;
    EXPECT_THAT(::testing::internal::GetCapturedStderr(),
                EndsWith("Error: " + refusal.error + "\n"))
        << refusal.line;
  }
}

}  // namespace
}  // namespace ctl
