#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "base/testing/source_path.h"
#include "raft/testing/interaction_env.h"
#include "raft/testing/transcript.h"

// The project's own scenarios, in testdata/.

namespace raft {
namespace {

std::vector<std::string> Files() {
  std::vector<std::string> names;
  for (const auto& file :
       std::filesystem::directory_iterator(base::testing::SourcePath("src/raft/testdata"))) {
    if (file.path().extension() == ".txt") names.push_back(file.path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

class Transcript : public ::testing::TestWithParam<std::string> {};

TEST_P(Transcript, GivesTheSameOutput) {
  const std::string path = base::testing::SourcePath("src/raft/testdata/" + GetParam() + ".txt");
  testing::InteractionEnv env;
  const auto result =
      testing::RunTranscript(path, true, [&](const testing::Case& c) { return env.Handle(c); });
  EXPECT_TRUE(result.found);
  EXPECT_GT(result.cases, 0);
}

INSTANTIATE_TEST_SUITE_P(Raft, Transcript, ::testing::ValuesIn(Files()),
                         [](const auto& file) { return file.param; });

}  // namespace
}  // namespace raft
