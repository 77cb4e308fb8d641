#include "base/url_path.h"

#include <gtest/gtest.h>

namespace base {
namespace {

TEST(UrlPathTest, EmptyAndDottedElementsGo) {
  EXPECT_EQ(CanonicalPath("/v3//kv/./range"), "/v3/kv/range");
  EXPECT_EQ(CanonicalPath("/v3/kv/../lease/"), "/v3/lease/");
  EXPECT_EQ(CanonicalPath("/../../%2e"), "/%2e");
  EXPECT_EQ(CanonicalPath("version"), "/version");
  EXPECT_EQ(CanonicalPath(""), "/");
}

}  // namespace
}  // namespace base
