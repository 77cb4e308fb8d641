#include "dump/metrics_text.h"

#include <gtest/gtest.h>

namespace dump {
namespace {

TEST(DescribedMetricsTest, MetricsAreSortedAndLoseTheirValues) {
  EXPECT_EQ(MetricsText("# HELP b_total What b is.\n# TYPE b_total counter\n"
                        "b_total{x=\"1\"} 7\nb_total{x=\"2\"} 8\n"
                        "# HELP a Of \"a\".\n# TYPE a gauge\na 1.5\n"),
            "# server version: unknown\n\n"
            "# name: \"a\"\n# description: \"Of \\\"a\\\".\"\n# type: \"gauge\"\na\n\n\n"
            "# name: \"b_total\"\n# description: \"What b is.\"\n# type: \"counter\"\n"
            "b_total{x=\"1\"}\nb_total{x=\"2\"}\n");
}

TEST(DescribedMetricsTest, TheVersionOfTheServerIsInFront) {
  const std::string text = MetricsText(
      "# HELP etcd_server_version Which.\n# TYPE etcd_server_version gauge\n"
      "etcd_server_version{server_version=\"3.7.1\"} 1");
  EXPECT_TRUE(
      text.starts_with("# server version: etcd_server_version{server_version=\"3.7.1\"}\n\n"))
      << text;
}

TEST(DescribedMetricsTest, PeersHaveNoIds) {
  const std::string name = "etcd_network_peer_round_trip_time_seconds";
  const std::string text =
      MetricsText("# HELP " + name + " Time.\n# TYPE " + name + " histogram\n" + name +
                  "_bucket{To=\"a\",le=\"1\"} 1\n" + name + "_bucket{To=\"b\",le=\"1\"} 1\n" +
                  name + "_sum{To=\"a\"} 3\n" + name + "_count{To=\"a\"} 1\n" +
                  "# HELP etcd_network_active_peers P.\n# TYPE etcd_network_active_peers gauge\n"
                  "etcd_network_active_peers{Local=\"a\",Remote=\"b\"} 1");
  EXPECT_NE(text.find("\netcd_network_active_peers{Local=\"LOCAL_NODE_ID\",Remote="
                      "\"REMOTE_PEER_NODE_ID\"}\n"),
            std::string::npos);
  EXPECT_NE(
      text.find("\n" + name + "_bucket{To=\"REMOTE_PEER_NODE_ID\",le=\"1\"}\n" + name +
                "_count{To=\"REMOTE_PEER_NODE_ID\"}\n" + name + "_sum{To=\"REMOTE_PEER_NODE_ID\"}"),
      std::string::npos)
      << text;
}

TEST(DescribedMetricsTest, CodesOfCallsAreListedOnce) {
  const std::string name = "grpc_server_handled_total";
  const std::string text = MetricsText("# HELP " + name + " Calls.\n# TYPE " + name + " counter\n" +
                                       name + "{grpc_code=\"OK\",grpc_method=\"Put\"} 1\n" + name +
                                       "{grpc_code=\"Aborted\",grpc_method=\"Put\"} 1");
  EXPECT_NE(text.find("# gRPC codes: \n#  - \"Aborted\"\n#  - \"OK\"\n" + name +
                      "{grpc_code=\"CODE\",grpc_method=\"Put\"}\n"),
            std::string::npos)
      << text;
}

}  // namespace
}  // namespace dump
