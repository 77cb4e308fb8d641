#include "observe/process_metrics.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "runtime/posix/disk.h"
#include "runtime/simulated/disk.h"

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

void WriteFile(runtime::Disk& disk, const std::string& path, const std::string& text) {
  auto file = disk.Open(path, runtime::OpenMode::kCreate);
  ASSERT_TRUE(file.ok()) << file.status().ToString();
  ASSERT_TRUE((*file)->WriteAt(0, text).ok());
}

TEST(ProcessMetricsTest, ReadsTheFieldsOfProc) {
  runtime::simulated::Disk disk(1);
  ASSERT_TRUE(disk.CreateDirectories("/proc/self/fd").ok());
  for (const char* name : {"0", "1", "2"}) {
    WriteFile(disk, "/proc/self/fd/" + std::string(name), "");
  }
  WriteFile(disk, "/proc/stat", "cpu  1 2 3\nintr 5\nbtime 1700000000\n");
  WriteFile(disk, "/proc/self/limits",
            "Limit                     Soft Limit           Hard Limit           Units\n"
            "Max open files            1024                 4096                 files\n"
            "Max address space         unlimited            unlimited            bytes\n");
  // A program may be called ") x (". Fields 14, 15: processor; 22: start; 23, 24: memory.
  WriteFile(disk, "/proc/self/stat",
            "7 () x () S 4 5 6 7 8 9 10 11 12 13 300 100 16 17 18 19 20 21 500 4096000 50 25\n");
  Registry registry;
  AddProcessMetrics(&disk, &registry);
  const std::string text = registry.Scrape();
  const auto ticks = static_cast<double>(::sysconf(_SC_CLK_TCK));
  const auto page = static_cast<double>(::sysconf(_SC_PAGESIZE));
  EXPECT_EQ(ValueOf(text, "process_cpu_seconds_total"), 400 / ticks) << text;
  EXPECT_EQ(ValueOf(text, "process_start_time_seconds"), 1700000000 + 500 / ticks);
  EXPECT_EQ(ValueOf(text, "process_virtual_memory_bytes"), 4096000);
  EXPECT_EQ(ValueOf(text, "process_resident_memory_bytes"), 50 * page);
  EXPECT_EQ(ValueOf(text, "process_max_fds"), 1024);
  EXPECT_DOUBLE_EQ(ValueOf(text, "process_virtual_memory_max_bytes"), 18446744073709551615.0);
  EXPECT_EQ(ValueOf(text, "process_open_fds"), 2);
}

TEST(ProcessMetricsTest, LeavesOutWhatCannotBeRead) {
  runtime::simulated::Disk disk(1);
  Registry registry;
  AddProcessMetrics(&disk, &registry);
  EXPECT_EQ(registry.Scrape(), "");
}

}  // namespace
}  // namespace observe
