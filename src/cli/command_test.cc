#include "cli/command.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <string>

namespace cli {
namespace {

TEST(ReadAllTest, AFileIsReadWhole) {
  std::FILE* const file = std::tmpfile();
  ASSERT_NE(file, nullptr);
  const std::string text(200'000, 'x');
  std::fwrite(text.data(), 1, text.size(), file);
  std::rewind(file);
  EXPECT_EQ(ReadAll(file), text);
  std::fclose(file);
}

TEST(ReadAllTest, WhatIsTypedEndsWhereItIsEnded) {
  const int terminal = posix_openpt(O_RDWR | O_NOCTTY);
  ASSERT_GE(terminal, 0);
  ASSERT_EQ(grantpt(terminal), 0);
  ASSERT_EQ(unlockpt(terminal), 0);
  std::FILE* const file = std::fopen(ptsname(terminal), "r");
  ASSERT_NE(file, nullptr);
  // Enough of it that whoever reads on does not wait here for ever.
  const std::string typed = "first\n\x04second\n\x04";
  ASSERT_EQ(write(terminal, typed.data(), typed.size()), static_cast<ssize_t>(typed.size()));
  EXPECT_EQ(ReadAll(file), "first\n");
  std::fclose(file);
  close(terminal);
}

}  // namespace
}  // namespace cli
