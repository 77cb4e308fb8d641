#include "client_v2/answers.h"

#include <gtest/gtest.h>

#include "client_v2/endpoint.h"

namespace client_v2 {
namespace {

std::string Why(int status, const std::string& body) {
  Event event;
  const auto failure = ReadEvent({status, "7", body}, &event);
  return failure.has_value() ? failure->text : "";
}

TEST(ClientV2AnswersTest, AnEventIsShownAsGosClientShowsIt) {
  Event event;
  const std::string body =
      R"({"action":"get","node":{"dir":true,"nodes":[{"key":"/a","value":"<1>","createdIndex":3,)"
      R"("modifiedIndex":4},{"key":"/b","dir":true,"nodes":[],"ttl":5,"expiration":"2026"}]}})";
  ASSERT_FALSE(ReadEvent({200, "7", body}, &event).has_value());
  EXPECT_EQ(event.index, "7");
  EXPECT_EQ(
      EventJson(event),
      R"({"action":"get","node":{"key":"","dir":true,"value":"","nodes":[{"key":"/a",)"
      R"("value":"\u003c1\u003e","nodes":null,"createdIndex":3,"modifiedIndex":4},)"
      R"({"key":"/b","dir":true,"value":"","nodes":[],"createdIndex":0,"modifiedIndex":0,)"
      R"("expiration":"2026","ttl":5}],"createdIndex":0,"modifiedIndex":0},"prevNode":null})");
}

TEST(ClientV2AnswersTest, RefusalsAreToldAndOtherThingsAreNoAnswer) {
  EXPECT_EQ(Why(404, R"({"errorCode":100,"message":"Key not found","cause":"/a","index":9})"),
            "100: Key not found (/a) [9]");
  EXPECT_EQ(Why(401, R"({"message":"Insufficient credentials"})"),
            "0: Insufficient credentials () [0]");
  EXPECT_EQ(Why(404, "404 page not found\n"), kInvalidJson);
  EXPECT_EQ(Why(200, "[]"), kInvalidJson);
  EXPECT_EQ(Why(200, R"({"node":{"key":1}})"), kInvalidJson);
  EXPECT_EQ(Why(200, R"({"node":{"nodes":{}}})"), kInvalidJson);
  EXPECT_EQ(Why(200, ""), kEmptyBody);
}

TEST(ClientV2EndpointTest, AUrlNamesWhomToAsk) {
  const auto endpoint = ParseEndpoint("https://[::1]:99/a/b");
  ASSERT_TRUE(endpoint.ok());
  EXPECT_TRUE(endpoint->secure());
  EXPECT_EQ(endpoint->address.host, "::1");
  EXPECT_EQ(endpoint->address.port, 99);
  EXPECT_EQ(endpoint->authority, "[::1]:99");
  EXPECT_EQ(endpoint->path, "/a/b");
  EXPECT_EQ(ParseEndpoint("member")->url, "http://member");
  EXPECT_EQ(ParseEndpoint("http://member")->address.port, 80);
  EXPECT_FALSE(ParseEndpoint("localhost:2379")->is_known());
  EXPECT_EQ(ParseEndpoint("unix:///run/x")->address.unix_path, "/run/x");
  EXPECT_EQ(ParseEndpoint("127.0.0.1:2379").status().message(),
            "parse \"127.0.0.1:2379\": first path segment in URL cannot contain colon");
  EXPECT_EQ(ParseEndpoint("http://a:x").status().message(),
            "parse \"http://a:x\": invalid port \":x\" after host");
}

}  // namespace
}  // namespace client_v2
