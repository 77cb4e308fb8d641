#include "observe/log_backups.h"

#include <gtest/gtest.h>
#include <unistd.h>
#include <zlib.h>

#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "runtime/posix/disk.h"

namespace observe {
namespace {

// 2026-05-01 10:00:00.123 UTC.
constexpr runtime::WallTime kNow{1'777'629'600'123'000'000};

class LogBackupsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = ::testing::TempDir() + "log_backups." + std::to_string(::getpid());
    ASSERT_TRUE(disk_.CreateDirectories(folder_).ok());
  }
  void TearDown() override { EXPECT_TRUE(disk_.RemoveAll(folder_).ok()); }

  std::string Path(const std::string& name) const { return runtime::JoinPath(folder_, name); }
  void Create(const std::string& name) { std::ofstream(Path(name)) << name; }
  void Tidy(const Rotation& rotation, bool stop = false) {
    LogBackups(Path("a.log"), rotation).Tidy(kNow, stop);
  }
  std::vector<std::string> Names() { return disk_.List(folder_).value(); }

  runtime::posix::Disk disk_;
  std::string folder_;
};

TEST_F(LogBackupsTest, AreNamedAfterTheTime) {
  const LogBackups backups(Path("a.log"), {});
  EXPECT_EQ(backups.NextPath(kNow), Path("a-2026-05-01T10-00-00.123.log"));
  EXPECT_EQ(LogBackups("log", {}).NextPath(kNow), "log-2026-05-01T10-00-00.123");
  Create("a-2026-05-01T10-00-00.123.log");
  Create("a-2026-05-01T10-00-00.124.log.gz");
  EXPECT_EQ(backups.NextPath(kNow), Path("a-2026-05-01T10-00-00.125.log"));
}

TEST_F(LogBackupsTest, MayHaveLocalTime) {
  ::setenv("TZ", "UTC-2", 1);
  ::tzset();
  const Rotation rotation{.max_age_days = 1, .local_time = true};
  EXPECT_EQ(LogBackups(Path("a.log"), rotation).NextPath(kNow),
            Path("a-2026-05-01T12-00-00.123.log"));
  Create("a-2026-04-30T12-00-00.124.log");  // less than a day ago
  Create("a-2026-04-30T12-00-00.123.log");
  Tidy(rotation);
  ::unsetenv("TZ");
  ::tzset();
  EXPECT_EQ(Names(), std::vector<std::string>{"a-2026-04-30T12-00-00.124.log"});
}

TEST_F(LogBackupsTest, TheOldestAreTooMany) {
  for (const char* const name :
       {"a-2026-04-01T00-00-00.000.log", "a-2026-04-02T00-00-00.000.log",
        "a-2026-04-03T00-00-00.000.log", "a-2026-04-03T00-00-00.000.log.gz"}) {
    Create(name);
  }
  // Not of this file.
  for (const char* const name : {"a.log", "a-2026-03-01.log", "a-2026-03-01T00-00-00.000.txt",
                                 "a-2026-03-01T00-00-00.00x.log", "b-2026-03-01T00-00-00.000.log",
                                 "a-2026-03-01T00-00-00.000.log.gz.tmp"}) {
    Create(name);
  }
  Tidy({});
  EXPECT_EQ(Names().size(), 10u);
  Tidy({.max_backups = 1});
  EXPECT_EQ(Names(), (std::vector<std::string>{
                         "a-2026-03-01.log", "a-2026-03-01T00-00-00.000.log.gz.tmp",
                         "a-2026-03-01T00-00-00.000.txt", "a-2026-03-01T00-00-00.00x.log",
                         "a-2026-04-03T00-00-00.000.log", "a-2026-04-03T00-00-00.000.log.gz",
                         "a.log", "b-2026-03-01T00-00-00.000.log"}));
}

TEST_F(LogBackupsTest, OldOnesAreRemoved) {
  Create("a-2026-04-28T10-00-00.123.log");
  Create("a-2026-04-28T10-00-00.124.log.gz");
  Create("a-2027-01-01T00-00-00.000.log");  // of a clock that was wrong
  Tidy({.max_age_days = 3});
  EXPECT_EQ(Names(), (std::vector<std::string>{"a-2026-04-28T10-00-00.124.log.gz",
                                               "a-2027-01-01T00-00-00.000.log"}));
}

TEST_F(LogBackupsTest, AreCompressedWhole) {
  const std::string name = "a-2026-04-28T10-00-00.123.log";
  Create(name);
  Tidy({.compress = true}, /*stop=*/true);
  EXPECT_EQ(Names(), std::vector<std::string>{name});
  Tidy({.compress = true});
  EXPECT_EQ(Names(), std::vector<std::string>{name + ".gz"});
  gzFile file = ::gzopen(Path(name + ".gz").c_str(), "rb");
  ASSERT_NE(file, nullptr);
  std::string text(100, 0);
  text.resize(static_cast<size_t>(::gzread(file, text.data(), 100)));
  ::gzclose(file);
  EXPECT_EQ(text, name);
}

}  // namespace
}  // namespace observe
