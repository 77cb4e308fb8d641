#include "cli/help.h"

#include <gtest/gtest.h>

#include "base/testing/golden.h"
#include "cli/run.h"
#include "utl/command_tree.h"

namespace utl {
namespace {

TEST(UtlHelpTest, OfRecoverIsWhatWasRecorded) {
  const cli::Command* const recover = cli::FindSubcommand(RootCommand(), "recover");
  ASSERT_NE(recover, nullptr);
  base::testing::ExpectGolden("src/utl/testdata/recover.help",
                              cli::HelpText({&RootCommand(), recover}));
}

}  // namespace
}  // namespace utl
