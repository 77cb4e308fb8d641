#include "api/v2/key_request.h"

#include <gtest/gtest.h>

#include <string>

namespace v2 {
namespace {

std::string ErrorOf(const std::string& method, const std::string& query) {
  base::Form form;
  form.Parse(query);
  KeyRequest request;
  const Error error = ParseKeyRequest(method, "/a", form, &request);
  return std::to_string(static_cast<int>(error.code)) + " " + error.cause;
}

KeyRequest Parse(const std::string& method, const std::string& path, const std::string& query) {
  base::Form form;
  form.Parse(query);
  KeyRequest request;
  EXPECT_EQ(ParseKeyRequest(method, path, form, &request).code, Code::kNone);
  return request;
}

TEST(V2KeyRequestTest, TheFirstErrorInTheOrderOfEtcdCounts) {
  EXPECT_EQ(ErrorOf("PUT", "x=%zz&prevIndex=x"), "210 invalid URL escape \"%zz\"");
  EXPECT_EQ(ErrorOf("PUT", "a;b"), "210 invalid semicolon separator in query");
  EXPECT_EQ(ErrorOf("PUT", "dir=x&prevIndex="), "203 invalid value for \"prevIndex\"");
  EXPECT_EQ(ErrorOf("PUT", "prevValue=&wait=true"),
            "209 \"wait\" can only be used with GET requests");
  EXPECT_EQ(ErrorOf("PUT", "ttl=x&prevValue="), "201 \"prevValue\" cannot be empty");
  EXPECT_EQ(ErrorOf("PUT", "ttl=-1"), "202 invalid value for \"ttl\"");
  EXPECT_EQ(ErrorOf("PUT", "prevExist=yes"), "209 invalid value for prevExist");
  EXPECT_EQ(ErrorOf("PUT", "refresh=true&value=x"), "211 A value was provided on a refresh");
  EXPECT_EQ(ErrorOf("PUT", "refresh=true&value="), "212 No TTL value set");
  EXPECT_EQ(ErrorOf("PUT", "ttl=&refresh=false"), "0 ");
}

TEST(V2KeyRequestTest, RightsAreAskedForAsItWasWritten) {
  EXPECT_EQ(Parse("GET", "/a/", "").key, "/a/");
  EXPECT_EQ(Parse("GET", "/a/", "").path, Parse("GET", "/a", "").path);
  EXPECT_EQ(Parse("GET", "", "").key, "");
}

TEST(V2KeyRequestTest, OnlyTheFirstValueOfANameCounts) {
  EXPECT_EQ(Parse("PUT", "/a", "value=1&value=2").change.value(), "1");
  EXPECT_EQ(Parse("PUT", "/a", "value=a+b%20c").change.value(), "a b c");
}

TEST(V2KeyRequestTest, PathsAreBelowTheKeys) {
  EXPECT_EQ(Parse("GET", "", "").path, "/1");
  EXPECT_EQ(Parse("GET", "/a/b/", "").path, "/1/a/b");
}

TEST(V2KeyRequestTest, ATimeToLiveWrapsAsInGo) {
  KeyRequest request = Parse("PUT", "/a", "ttl=10");
  SetTimes(1000, &request);
  EXPECT_EQ(request.change.expiration(), 10'000'001'000);
  request = Parse("PUT", "/a", "ttl=18446744073709551615");
  SetTimes(1000, &request);
  EXPECT_EQ(request.change.expiration(), 1000 - 1'000'000'000);
}

}  // namespace
}  // namespace v2
