#include "runtime/posix/permissions.h"

#include <gtest/gtest.h>

namespace runtime::posix {
namespace {

TEST(PermissionsTest, AreThoseOfADirectory) {
  ASSERT_TRUE(DirectoryPermissions("/proc").has_value());
  EXPECT_EQ(PermissionText(*DirectoryPermissions("/proc")), "r-xr-xr-x");
  EXPECT_FALSE(DirectoryPermissions("/proc/nowhere").has_value());
  EXPECT_FALSE(DirectoryPermissions("/proc/self/stat").has_value());
}

TEST(PermissionsTest, AreWrittenAsLsWritesThem) {
  EXPECT_EQ(PermissionText(0700), "rwx------");
  EXPECT_EQ(PermissionText(0751), "rwxr-x--x");
  EXPECT_EQ(PermissionText(0), "---------");
}

}  // namespace
}  // namespace runtime::posix
