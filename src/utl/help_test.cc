#include <gtest/gtest.h>

#include "base/testing/golden.h"
#include "cli/testing/help_of_all.h"
#include "utl/command_tree.h"

namespace utl {
namespace {

TEST(UtlHelpTest, TheTextsOfAllCommandsAreThoseThatWereRecorded) {
  base::testing::ExpectGolden("src/utl/testdata/help.txt",
                              cli::testing::HelpOfAll({&RootCommand()}));
}

}  // namespace
}  // namespace utl
