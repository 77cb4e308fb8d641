#include "runtime/posix/cpu_profiler.h"

#include <gtest/gtest.h>
#include <time.h>

#include <string>

#include "runtime/posix/symbols.h"

namespace runtime::posix {
namespace {

double ProcessorSeconds() {
  timespec time{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

// Not inlined, so that it has a frame of its own.
__attribute__((noinline)) double WorkHard(double seconds) {
  double sum = 0;
  const double end = ProcessorSeconds() + seconds;
  while (ProcessorSeconds() < end) {
    for (int i = 1; i < 1000; ++i) sum += 1.0 / i;
  }
  return sum;
}

TEST(CpuProfilerTest, FindsWhoWorks) {
  ASSERT_TRUE(CpuProfiler::Start());
  EXPECT_FALSE(CpuProfiler::Start());
  EXPECT_GT(WorkHard(0.3), 0);
  const CpuProfiler::Profile profile = CpuProfiler::Count(*CpuProfiler::Stop());
  EXPECT_EQ(profile.lost, 0u);
  const Symbols symbols;
  std::string met;
  for (const auto& [stack, count] : profile.stacks) {
    for (const uint64_t address : stack) met += symbols.NameOf(address) + "\n";
  }
  EXPECT_NE(met.find("WorkHard"), std::string::npos) << met;
}

TEST(CpuProfilerTest, CanBeStartedAgain) {
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(CpuProfiler::Start());
    CpuProfiler::Count(*CpuProfiler::Stop());
  }
}

TEST(SymbolsTest, NamesWhatIsThere) {
  const Symbols symbols;
  EXPECT_NE(symbols.NameOf(reinterpret_cast<uint64_t>(&WorkHard)).find("WorkHard(double)"),
            std::string::npos);
  EXPECT_EQ(symbols.NameOf(1), "");
}

TEST(SymbolsTest, TheProgramsOwnCodeIsMappedFirst) {
  const auto mappings = CodeMappings();
  ASSERT_FALSE(mappings.empty());
  const auto address = reinterpret_cast<uint64_t>(&WorkHard);
  EXPECT_LE(mappings[0].start, address);
  EXPECT_GT(mappings[0].limit, address);
  EXPECT_NE(mappings[0].file, "");
}

}  // namespace
}  // namespace runtime::posix
