#include "app/process_arguments.h"

#include <gtest/gtest.h>

#include "runtime/posix/disk.h"

namespace app {
namespace {

TEST(ProcessArgumentsTest, AreThoseOfThisProcess) {
  runtime::posix::Disk disk;
  const std::vector<std::string> expected = ::testing::internal::GetArgvs();
  const std::vector<std::string> arguments = ProcessArguments(disk);
  ASSERT_EQ(arguments.size(), expected.size());
  EXPECT_EQ(arguments.front(), expected.front());
  EXPECT_EQ(arguments.back(), expected.back());
}

}  // namespace
}  // namespace app
