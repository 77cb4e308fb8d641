#include "app/refused_connections.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "observe/testing/memory_sink.h"
#include "runtime/simulated/scheduler.h"

namespace app {
namespace {

using std::chrono::seconds;
using ::testing::HasSubstr;

TEST(RefusedConnectionsTest, AreAllCountedAndToldAtMostEveryTenSeconds) {
  runtime::simulated::Scheduler scheduler(1);
  observe::testing::MemorySink sink;
  const observe::Logger logger(&scheduler.clock(), &sink, {});
  observe::Registry registry;
  RefusedConnections refused(&logger, &scheduler.clock(), &registry);
  for (int i = 0; i < 3; ++i) refused.Add();
  ASSERT_EQ(sink.lines().size(), 1u);
  EXPECT_THAT(sink.lines()[0], HasSubstr("\"connections\":1"));
  scheduler.RunFor(seconds(10) - runtime::Duration(1));
  refused.Add();
  EXPECT_EQ(sink.lines().size(), 1u);
  scheduler.RunFor(runtime::Duration(1));
  refused.Add();
  ASSERT_EQ(sink.lines().size(), 2u);
  EXPECT_THAT(sink.lines()[1], HasSubstr("\"connections\":4"));
  EXPECT_THAT(registry.Scrape(), HasSubstr("cornerstore_connections_refused_total 5\n"));
}

}  // namespace
}  // namespace app
