#include "app/discovery_v2_answer.h"

#include <gtest/gtest.h>

namespace app {
namespace {

TEST(DiscoveryV2AnswerTest, ADirectoryHasItsKeysBelowTheFolder) {
  const auto node =
      ParseV2Node(200,
                  R"({"action":"get","node":{"key":"/_etcd/registry/t","dir":true,"nodes":[)"
                  R"({"key":"/_etcd/registry/t/cafe","value":"m=http://m:1","createdIndex":7}]}})",
                  "");
  ASSERT_TRUE(node.ok() && node->has_value());
  ASSERT_EQ((*node)->below.size(), 1u);
  EXPECT_EQ((*node)->below[0].key, "/cafe");
  EXPECT_EQ((*node)->below[0].value, "m=http://m:1");
  EXPECT_EQ((*node)->below[0].create_revision, 7);
}

TEST(DiscoveryV2AnswerTest, AKeyThatIsNotThereIsNothing) {
  const auto node = ParseV2Node(404, R"({"errorCode":100,"message":"Key not found"})", "");
  ASSERT_TRUE(node.ok());
  EXPECT_FALSE(node->has_value());
}

TEST(DiscoveryV2AnswerTest, WhatIsNoAnswerIsNotAskedForAgainAndWhatIsNoneNowIs) {
  for (const char* const body :
       {"", "<html>", "[]", "{}", R"({"node":1})", R"({"node":{"nodes":{}}})"}) {
    EXPECT_EQ(ParseV2Node(200, body, "").status().message(), "discovery: bad discovery endpoint")
        << body;
  }
  for (const int status : {429, 500, 503}) {
    EXPECT_EQ(ParseV2Node(status, "", "").status().code(), base::Code::kUnavailable);
    EXPECT_EQ(ParseV2Put(status, "").code(), base::Code::kUnavailable);
  }
}

TEST(DiscoveryV2AnswerTest, WhoIsNoDiscoveryServiceIsNotAskedAgain) {
  for (const int status : {301, 403, 404, 405}) {
    EXPECT_EQ(ParseV2Node(status, "404 page not found", "").status().message(),
              "discovery: bad discovery endpoint");
    EXPECT_EQ(ParseV2Put(status, "<html>").message(), "discovery: bad discovery endpoint");
  }
}

TEST(DiscoveryV2AnswerTest, ARefusalIsTold) {
  const char* const body =
      R"({"errorCode":110,"message":"Unauthorized","cause":"Insufficient credentials","index":7})";
  for (const base::Status& status : {ParseV2Node(401, body, "").status(), ParseV2Put(401, body)}) {
    EXPECT_EQ(status.code(), base::Code::kFailedPrecondition);
    EXPECT_EQ(status.message(), "110: Unauthorized (Insufficient credentials) [7]");
  }
}

TEST(DiscoveryV2AnswerTest, AKeyThatIsThereIsNotTaken) {
  EXPECT_TRUE(ParseV2Put(201, "").ok());
  EXPECT_EQ(ParseV2Put(412, R"({"errorCode":105,"message":"Key already exists"})").message(),
            "discovery: found duplicate id");
  EXPECT_EQ(ParseV2Put(500, R"({"errorCode":300})").code(), base::Code::kUnavailable);
}

}  // namespace
}  // namespace app
