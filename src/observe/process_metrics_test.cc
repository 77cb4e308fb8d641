#include "observe/process_metrics.h"

#include <gtest/gtest.h>

#include "runtime/posix/disk.h"

namespace observe {
namespace {

// The value of an unlabelled metric; -1 if it is not there.
double ValueOf(const std::string& text, const std::string& name) {
  const size_t found = ("\n" + text).find("\n" + name + " ");
  return found == std::string::npos ? -1 : std::stod(text.substr(found + name.size()));
}

TEST(ProcessMetricsTest, TellsWhatProcKnows) {
  runtime::posix::Disk disk;
  Registry registry;
  AddProcessMetrics(&disk, &registry);
  const std::string text = registry.Scrape();
  EXPECT_GE(ValueOf(text, "process_cpu_seconds_total"), 0) << text;
  EXPECT_GT(ValueOf(text, "process_resident_memory_bytes"), 1e6) << text;
  EXPECT_GT(ValueOf(text, "process_virtual_memory_bytes"),
            ValueOf(text, "process_resident_memory_bytes"));
  EXPECT_GT(ValueOf(text, "process_virtual_memory_max_bytes"), 0) << text;
  EXPECT_GE(ValueOf(text, "process_open_fds"), 3) << text;
  EXPECT_GT(ValueOf(text, "process_max_fds"), ValueOf(text, "process_open_fds"));
  // After 2020.
  EXPECT_GT(ValueOf(text, "process_start_time_seconds"), 1577836800) << text;
  EXPECT_EQ(ValueOf(text, "os_fd_used"), ValueOf(text, "process_open_fds"));
  EXPECT_EQ(ValueOf(text, "os_fd_limit"), ValueOf(text, "process_max_fds"));
}

TEST(ProcessMetricsTest, SeesAFileThatIsOpened) {
  runtime::posix::Disk disk;
  Registry registry;
  AddProcessMetrics(&disk, &registry);
  const double before = ValueOf(registry.Scrape(), "process_open_fds");
  const auto file = disk.Open("/proc/self/stat", runtime::OpenMode::kRead);
  ASSERT_TRUE(file.ok());
  EXPECT_EQ(ValueOf(registry.Scrape(), "process_open_fds"), before + 1);
}

}  // namespace
}  // namespace observe
