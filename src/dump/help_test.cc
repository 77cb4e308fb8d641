#include <gtest/gtest.h>

#include "base/testing/golden.h"
#include "cli/testing/help_of_all.h"
#include "dump/db_command_tree.h"

namespace dump {
namespace {

TEST(DumpDbHelpTest, TheTextsOfAllCommandsAreThoseThatWereRecorded) {
  base::testing::ExpectGolden("src/dump/testdata/help.txt",
                              cli::testing::HelpOfAll({&DbCommand()}));
}

}  // namespace
}  // namespace dump
