#include "cli/progress.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <string>

namespace cli {
namespace {

// What a person sees.
std::string ReadAllOf(int terminal) {
  std::string text;
  char bytes[256];
  for (ssize_t n = 0; (n = read(terminal, bytes, sizeof(bytes))) > 0;) {
    text.append(bytes, static_cast<size_t>(n));
  }
  return text;
}

TEST(ProgressLineTest, ATerminalSeesEachPercentOnceAndNothingInTheEnd) {
  const int terminal = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK);
  ASSERT_GE(terminal, 0);
  ASSERT_EQ(grantpt(terminal), 0);
  ASSERT_EQ(unlockpt(terminal), 0);
  std::FILE* const file = std::fopen(ptsname(terminal), "r+");
  ASSERT_NE(file, nullptr);
  {
    Progress progress(file, "saving");
    for (uint64_t done = 10'000; done <= 20'000; done += 10) progress.Show(done, 1'000'000);
    progress.Show(1'000'000, 1'000'000);
  }
  Progress(file, "mirroring", "keys").Show(1500, 3000);
  const std::string clear = "\r\x1b[K";
  EXPECT_EQ(ReadAllOf(terminal), clear + "saving  10 kB of 1.0 MB  1%" + clear +
                                     "saving  20 kB of 1.0 MB  2%" + clear +
                                     "saving  1.0 MB of 1.0 MB  100%" + clear + clear +
                                     "mirroring  1500 of 3000 keys  50%" + clear);
  std::fclose(file);
  close(terminal);
}

TEST(ProgressLineTest, WhereNoTerminalLooksOnNothingIsWritten) {
  std::FILE* const file = std::tmpfile();
  ASSERT_NE(file, nullptr);
  { Progress(file, "saving").Show(1, 2); }
  EXPECT_EQ(std::ftell(file), 0);
  std::fclose(file);
}

}  // namespace
}  // namespace cli
