#include "api/v2/json.h"

#include <gtest/gtest.h>

#include <string>

#include "api/v2/go_text.h"

namespace v2 {
namespace {

constexpr int64_t kSecond = 1'000'000'000;
constexpr int64_t kNow = 1'600'000'000 * kSecond;

NodeRef File(std::string_view name, std::string_view value, int64_t expiration = 0) {
  return Node::Make(
      {.name = name, .value = value, .created = 4, .modified = 5, .expiration = expiration});
}

NodeRef Directory(std::string_view name, const std::vector<NodeRef>& children) {
  return Node::Make({.name = name, .created = 4, .modified = 4, .directory = 2},
                    BranchesOf(children));
}

// In pieces of a byte, and whole.
std::string Read(const NodeRef& root, std::string_view path, bool recursive) {
  const Node* node = root.get();
  for (const std::string_view element : Elements(path)) node = FindChild(*node, element);
  NodeJson whole(root, node, std::string(path), recursive, kNow);
  std::string json;
  EXPECT_FALSE(whole.Append(1 << 20, &json));
  NodeJson pieces(root, node, std::string(path), recursive, kNow);
  std::string joined;
  while (true) {
    std::string piece;
    const bool more = pieces.Append(1, &piece);
    joined += piece;
    if (!more) break;
  }
  EXPECT_EQ(joined, json);
  return json;
}

TEST(V2JsonTest, AnEventHasItsFieldsInTheOrderOfEtcd) {
  const Event set{.action = Action::kSet,
                  .index = 5,
                  .time = kNow,
                  .key = "/1/a",
                  .node = File("a", "<&>\"", kNow + 10 * kSecond - 1),
                  .prev = File("a", "")};
  EXPECT_EQ(EventJson(set),
            R"({"action":"set","node":{"key":"/a","value":"\u003c\u0026\u003e\"",)"
            R"("expiration":"2020-09-13T12:26:49.999999999Z","ttl":10,"modifiedIndex":5,)"
            R"("createdIndex":4},"prevNode":{"key":"/a","value":"","modifiedIndex":5,)"
            R"("createdIndex":4}})"
            "\n");
}

TEST(V2JsonTest, WhatIsGoneHasNoValue) {
  const Event removed{
      .action = Action::kDelete, .index = 9, .key = "/1/d", .prev = Directory("d", {})};
  EXPECT_EQ(EventJson(removed),
            R"({"action":"delete","node":{"key":"/d","dir":true,"modifiedIndex":9,)"
            R"("createdIndex":4},"prevNode":{"key":"/d","dir":true,"modifiedIndex":4,)"
            R"("createdIndex":4}})"
            "\n");
}

TEST(V2JsonTest, ReadsShowOneLevelOrAllButWhatIsHidden) {
  const NodeRef inner = Directory("d", {File("x", "1")});
  const NodeRef keys = Node::Make({.name = "1", .directory = 2},
                                  BranchesOf({File("_h", "2"), File("a", "3"), inner}));
  const NodeRef root = Node::Make({.directory = 1}, BranchesOf({keys}));
  const std::string file = R"("modifiedIndex":5,"createdIndex":4})";
  const std::string directory = R"("modifiedIndex":4,"createdIndex":4})";
  const std::string begin =
      R"({"action":"get","node":{"dir":true,"nodes":[{"key":"/a","value":"3",)" + file;
  EXPECT_EQ(Read(root, "/1", false), begin + R"(,{"key":"/d","dir":true,)" + directory + "]}}\n");
  EXPECT_EQ(Read(root, "/1", true), begin +
                                        R"(,{"key":"/d","dir":true,"nodes":[{"key":"/d/x",)"
                                        R"("value":"1",)" +
                                        file + "]," + directory + "]}}\n");
  EXPECT_EQ(Read(root, "/1/_h", true),
            R"({"action":"get","node":{"key":"/_h","value":"2",)" + file + "}\n");
}

TEST(V2JsonTest, AnErrorLeavesOutACauseThatIsEmpty) {
  EXPECT_EQ(ErrorJson({Code::kKeyNotFound, "/1/a", 7}),
            "{\"errorCode\":100,\"message\":\"Key not found\",\"cause\":\"/a\",\"index\":7}\n");
  EXPECT_EQ(ErrorJson({Code::kNotFile, "/1", 7}),
            "{\"errorCode\":102,\"message\":\"Not a file\",\"index\":7}\n");
}

TEST(V2JsonTest, TimesHaveNoMoreDigitsThanTheyNeed) {
  EXPECT_EQ(Rfc3339(kNow), "2020-09-13T12:26:40Z");
  EXPECT_EQ(Rfc3339(kNow + 120'000'000), "2020-09-13T12:26:40.12Z");
  EXPECT_EQ(Rfc3339(-1), "1969-12-31T23:59:59.999999999Z");
}

TEST(V2JsonTest, NumbersAreWrittenAsGoDoes) {
  EXPECT_EQ(JsonNumber(0), "0");
  EXPECT_EQ(JsonNumber(12), "12");
  EXPECT_EQ(JsonNumber(0.1), "0.1");
  EXPECT_EQ(JsonNumber(123456789.25), "123456789.25");
  EXPECT_EQ(JsonNumber(0.000001), "0.000001");
  EXPECT_EQ(JsonNumber(0.00000025), "2.5e-7");
}

}  // namespace
}  // namespace v2
