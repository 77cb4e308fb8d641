#include "bench/server_cpu.h"

#include <gtest/gtest.h>

namespace bench {
namespace {

TEST(ServerCpuTest, TheTimeIsFoundOnAPageOfMetrics) {
  EXPECT_EQ(FindServerCpu("# TYPE process_cpu_seconds_total counter\n"
                          "process_cpu_seconds_total 12.5\nother 1\n"),
            12.5);
  EXPECT_EQ(FindServerCpu("process_cpu_seconds_total 1e+02\n"), 100);
}

TEST(ServerCpuTest, WithoutItThereIsNothing) {
  EXPECT_EQ(FindServerCpu("process_cpu_seconds_totals 1\n"), std::nullopt);
  EXPECT_EQ(FindServerCpu("process_cpu_seconds_total x\n"), std::nullopt);
}

}  // namespace
}  // namespace bench
