#include "cli/colors.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace cli {
namespace {

TEST(ColorsTest, TextsArePaintedIfThatIsWanted) {
  const Painter always(stdout, ColorMode::kAlways);
  EXPECT_EQ(always(Color::kRed, "Error:"), "\x1b[31mError:\x1b[0m");
  EXPECT_EQ(Painter(stdout, ColorMode::kNever)(Color::kRed, "Error:"), "Error:");
  EXPECT_EQ(Painter()(Color::kBold, "title"), "title");
}

TEST(ColorsTest, AFileIsNoTerminal) {
  std::FILE* const file = std::tmpfile();
  setenv("TERM", "xterm", 1);
  EXPECT_FALSE(Painter(file, ColorMode::kAuto).is_on());
  EXPECT_TRUE(Painter(file, ColorMode::kAlways).is_on());
  std::fclose(file);
}

// A terminal that no colors are shown on by itself.
class ColoredTerminalTest : public ::testing::Test {
 protected:
  ColoredTerminalTest() {
    setenv("TERM", "xterm", 1);
    unsetenv("NO_COLOR");
    const int master = posix_openpt(2 /* O_RDWR */);
    if (master < 0 || grantpt(master) != 0 || unlockpt(master) != 0) return;
    master_ = fdopen(master, "r+");
    terminal_ = std::fopen(ptsname(master), "r+");
  }
  ~ColoredTerminalTest() override {
    unsetenv("NO_COLOR");
    if (terminal_ != nullptr) std::fclose(terminal_);
    if (master_ != nullptr) std::fclose(master_);
  }

  std::FILE* master_ = nullptr;
  std::FILE* terminal_ = nullptr;
};

TEST_F(ColoredTerminalTest, HasColorsUnlessTheyAreRefused) {
  if (terminal_ == nullptr) GTEST_SKIP() << "there are no terminals here";
  EXPECT_TRUE(Painter(terminal_, ColorMode::kAuto).is_on());
  EXPECT_FALSE(Painter(terminal_, ColorMode::kNever).is_on());
  setenv("NO_COLOR", "", 1);
  EXPECT_TRUE(Painter(terminal_, ColorMode::kAuto).is_on());
  setenv("NO_COLOR", "1", 1);
  EXPECT_FALSE(Painter(terminal_, ColorMode::kAuto).is_on());
  EXPECT_TRUE(Painter(terminal_, ColorMode::kAlways).is_on());
  unsetenv("NO_COLOR");
  setenv("TERM", "dumb", 1);
  EXPECT_FALSE(Painter(terminal_, ColorMode::kAuto).is_on());
}

TEST(ColorsTest, AModeIsOneOfThreeWords) {
  EXPECT_EQ(ParseColorMode("auto"), ColorMode::kAuto);
  EXPECT_EQ(ParseColorMode("always"), ColorMode::kAlways);
  EXPECT_EQ(ParseColorMode("never"), ColorMode::kNever);
  EXPECT_FALSE(ParseColorMode("yes").has_value());
}

}  // namespace
}  // namespace cli
