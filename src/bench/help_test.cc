#include <gtest/gtest.h>

#include "base/testing/golden.h"
#include "bench/command_tree.h"
#include "cli/testing/help_of_all.h"

namespace bench {
namespace {

TEST(BenchHelpTest, TheTextsOfAllCommandsAreThoseThatWereRecorded) {
  base::testing::ExpectGolden("src/bench/testdata/help.txt",
                              cli::testing::HelpOfAll({&RootCommand()}));
}

}  // namespace
}  // namespace bench
