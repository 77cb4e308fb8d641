#include "cli/help.h"

#include <gtest/gtest.h>

#include "cli/run.h"
#include "utl/command_tree.h"
#include "utl/testing/golden.h"

namespace utl {
namespace {

TEST(UtlHelpTest, OfRecoverIsWhatWasRecorded) {
  const cli::Command* const recover = cli::FindSubcommand(RootCommand(), "recover");
  ASSERT_NE(recover, nullptr);
  testing::ExpectGolden("recover.help", cli::HelpText({&RootCommand(), recover}));
}

}  // namespace
}  // namespace utl
