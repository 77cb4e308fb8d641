#include "ctl/v2_keys.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "proto/kv.pb.h"

namespace ctl {
namespace {

using client_v2::Node;
using ::testing::ElementsAre;

Node File(std::string key, std::string value, int64_t ttl = 0) {
  Node node;
  node.key = std::move(key);
  node.value = std::move(value);
  node.ttl = ttl;
  return node;
}
Node Directory(std::string key, std::vector<Node> nodes, int64_t ttl = 0) {
  Node node = File(std::move(key), "", ttl);
  node.is_directory = true;
  node.has_nodes = true;
  node.nodes = std::move(nodes);
  return node;
}

Node Tree() {
  return Directory(
      "", {File("/a", "1"), Directory("/d", {File("/d/b", "2", 90), File("/d/c", "3", 5)}, 60)});
}

TEST(V2KeysTest, AFileRunsOutWithTheFirstDirectoryAboveIt) {
  EXPECT_THAT(KeysOf(Flatten(Tree(), false)),
              ElementsAre(V2Key{"/a", "1", 0}, V2Key{"/d/b", "2", 60}, V2Key{"/d/c", "3", 5}));
  EXPECT_THAT(KeysOf(Flatten(Tree(), true)), ElementsAre(V2Key{"/a", "1", 0}));
}

TEST(V2KeysTest, ATransformerReadsNodes) {
  EXPECT_EQ(TransformerInput(Flatten(Directory("", {Directory("/d", {File("/d/b", "2")})}), false)),
            R"({"key":"/d","dir":true,"value":"","nodes":null,"createdIndex":0,"modifiedIndex":0})"
            "\n"
            R"({"key":"/d/b","value":"2","nodes":null,"createdIndex":0,"modifiedIndex":0})"
            "\n");
}

TEST(V2KeysTest, ATransformerWritesKeys) {
  mvccpb::KeyValue pair;
  pair.set_key("/d/b");
  pair.set_value("x");
  const std::string bytes = pair.SerializeAsString();
  const std::string one =
      std::string(1, static_cast<char>(bytes.size())) + std::string(7, '\0') + bytes;
  const std::vector<Node> nodes = Flatten(Tree(), false);
  const auto keys = ParseTransformerOutput(one + one, nodes);
  ASSERT_TRUE(keys.ok());
  EXPECT_THAT(*keys, ElementsAre(V2Key{"/d/b", "x", 60}, V2Key{"/d/b", "x", 60}));
  EXPECT_EQ(ParseTransformerOutput(one + "x", nodes).status().message(),
            "the transformer's output is no key behind 1 others");
  for (const std::string& output :
       {one.substr(0, one.size() - 1), std::string(8, '\xff'), std::string(8, '\0')}) {
    EXPECT_FALSE(ParseTransformerOutput(output, nodes).ok());
  }
}

}  // namespace
}  // namespace ctl
