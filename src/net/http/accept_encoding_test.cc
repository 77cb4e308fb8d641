#include "net/http/accept_encoding.h"

#include <gtest/gtest.h>

namespace http {
namespace {

bool Prefers(const char* value) {
  return PrefersGzip({{":path", "/"}, {"accept-encoding", value}});
}

TEST(AcceptEncodingTest, GzipIsForThoseWhoNameIt) {
  EXPECT_FALSE(PrefersGzip({{":path", "/"}}));
  EXPECT_TRUE(Prefers("gzip"));
  EXPECT_TRUE(Prefers("deflate, gzip ;q=1.0, br"));
  EXPECT_FALSE(Prefers("br"));
  EXPECT_FALSE(Prefers("*"));
  EXPECT_FALSE(Prefers(""));
}

TEST(AcceptEncodingTest, QualitiesAreCompared) {
  EXPECT_FALSE(Prefers("gzip;q=0"));
  EXPECT_TRUE(Prefers("gzip;q=0.5"));
  EXPECT_FALSE(Prefers("gzip;q=0.5, identity"));
  EXPECT_TRUE(Prefers("gzip;q=0.5, *;q=0.25"));
  EXPECT_FALSE(Prefers("gzip;q=x"));
  EXPECT_FALSE(Prefers("gzip;level=9"));
}

TEST(AcceptEncodingTest, SeveralFieldsAreOneList) {
  EXPECT_TRUE(PrefersGzip({{"accept-encoding", "br"}, {"accept-encoding", "gzip"}}));
}

}  // namespace
}  // namespace http
