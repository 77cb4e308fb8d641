#include "ctl/latency_view.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ctl {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

EndpointLatencies Measured() {
  EndpointLatencies endpoint{.endpoint = "a:1", .kinds = std::vector<CallResults>(2)};
  for (int i = 0; i < 99; ++i) endpoint.kinds[0].latencies.Record(microseconds(100));
  endpoint.kinds[0].latencies.Record(milliseconds(50));
  endpoint.kinds[1].errors["no leader"] = 3;
  return endpoint;
}

TEST(LatencyViewTest, ARowHasCountsAndPercentiles) {
  const cli::Rows rows = LatencyRows({Measured()});
  ASSERT_EQ(rows.rows.size(), 2u);
  EXPECT_THAT(rows.rows[0], ElementsAre("a:1", "serializable read", "100", "0", "100µs", "100µs",
                                        "100µs", "100µs", "50ms"));
  EXPECT_THAT(rows.rows[1],
              ElementsAre("a:1", "linearizable read", "0", "3", "0s", "0s", "0s", "0s", "0s"));
}

TEST(LatencyViewTest, JsonIsInSeconds) {
  const std::string json = LatencyJson({Measured()});
  EXPECT_THAT(json, HasSubstr("{\"endpoint\":\"a:1\",\"call\":\"serializable read\",\"done\":100,"
                              "\"failed\":0,\"min_seconds\":0.000100000,"));
  EXPECT_THAT(json, HasSubstr("\"max_seconds\":0.050000000}"));
  EXPECT_EQ(LatencyJson({}), "[]\n");
}

TEST(LatencyViewTest, BarsAreOfDoublings) {
  EXPECT_EQ(LatencyBars(Measured(), 44),
            "a:1\n\nserializable read\n"
            "      <128µs        99 ####################\n"
            "      <256µs         0 \n"
            "      <512µs         0 \n"
            "    <1.024ms         0 \n"
            "    <2.048ms         0 \n"
            "    <4.096ms         0 \n"
            "    <8.192ms         0 \n"
            "   <16.384ms         0 \n"
            "   <32.768ms         0 \n"
            "   <65.536ms         1 #\n"
            "\nlinearizable read, 3 failed\n");
}

TEST(LatencyViewTest, ErrorsAreTold) {
  EXPECT_EQ(LatencyErrors({Measured()}), "a:1: linearizable read: no leader (3)\n");
}

}  // namespace
}  // namespace ctl
