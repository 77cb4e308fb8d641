#include "net/gateway/clean_path.h"

#include <gtest/gtest.h>

namespace gateway {
namespace {

TEST(CleanPathTest, ACleanPathStays) {
  for (const char* path : {"/", "/version", "/v3/kv/range", "/v3/", "/a.b/..c/d..", "/%2e/..//"}) {
    EXPECT_EQ(CleanPath(path), path);
  }
}

TEST(CleanPathTest, EmptyAndDottedElementsGo) {
  EXPECT_EQ(CleanPath("//version"), "/version");
  EXPECT_EQ(CleanPath("/v3//kv/./range"), "/v3/kv/range");
  EXPECT_EQ(CleanPath("/v3/kv/../lease/"), "/v3/lease/");
  EXPECT_EQ(CleanPath("/../../x"), "/x");
  EXPECT_EQ(CleanPath("/x/.."), "/");
  EXPECT_EQ(CleanPath("version"), "/version");
  EXPECT_EQ(CleanPath(""), "/");
}

}  // namespace
}  // namespace gateway
