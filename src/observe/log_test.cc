#include "observe/log.h"

#include <gtest/gtest.h>

#include "observe/testing/memory_sink.h"

namespace observe {
namespace {

// Noon of the first of May in 2026, UTC.
class StoppedClock final : public runtime::Clock {
 public:
  runtime::TimePoint Now() const override { return {}; }
  runtime::WallTime WallNow() const override { return {1'777'636'800'123'456'789}; }
};

class LoggerTest : public ::testing::Test {
 protected:
  Logger Made(Level level) { return Logger(&clock_, &sink_, {.level = level}); }

  // From the caller's folder on: the timestamp depends on the time zone of the machine.
  std::string TailOfLine(size_t index) {
    const std::string line = sink_.lines().at(index);
    return line.substr(line.find("\"caller\""));
  }

  StoppedClock clock_;
  testing::MemorySink sink_;
};

TEST_F(LoggerTest, WritesALineWithTheFieldsInTheirOrder) {
  const Logger logger = Made(Level::kInfo);
  const int line = __LINE__ + 1;
  logger.Info("opened", {{"path", "/tmp"}, {"count", 3}});
  EXPECT_EQ(sink_.lines()[0].substr(0, 27), "{\"level\":\"info\",\"ts\":\"2026-");
  EXPECT_EQ(TailOfLine(0), "\"caller\":\"observe/log_test.cc:" + std::to_string(line) +
                               "\",\"msg\":\"opened\",\"path\":\"/tmp\",\"count\":3}");
}

TEST_F(LoggerTest, LeavesOutWhatIsBelowItsLevel) {
  const Logger logger = Made(Level::kWarn);
  logger.Debug("a");
  logger.Info("b");
  logger.Warn("c");
  logger.Error("d");
  EXPECT_EQ(sink_.lines().size(), 2u);
  EXPECT_FALSE(logger.Enabled(Level::kInfo));
  EXPECT_TRUE(logger.Enabled(Level::kFatal));
}

TEST_F(LoggerTest, FlushesFromPanicOn) {
  const Logger logger = Made(Level::kInfo);
  logger.Error("survived");
  EXPECT_EQ(sink_.flushes(), 0);
  logger.Log(Level::kPanic, "not survived");
  logger.Log(Level::kFatal, "neither");
  EXPECT_EQ(sink_.flushes(), 2);
}

TEST(LogLevelTest, NamesAreReadBack) {
  for (const Level level :
       {Level::kDebug, Level::kInfo, Level::kWarn, Level::kError, Level::kPanic, Level::kFatal}) {
    EXPECT_EQ(ParseLevel(LevelName(level)), level);
  }
  EXPECT_EQ(ParseLevel("loud"), std::nullopt);
}

}  // namespace
}  // namespace observe
