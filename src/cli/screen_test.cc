#include "cli/screen.h"

#include <gtest/gtest.h>

namespace cli {
namespace {

TEST(ScreenTest, LinesAndRowsAreCutToTheSize) {
  EXPECT_EQ(Fit("one\ntwo\nthree\n", {4, 2}), "one\ntwo\n");
  EXPECT_EQ(Fit("12345\n", {4, 9}), "1234\n");
  EXPECT_EQ(Fit("1234\n", {4, 9}), "1234\n");
  EXPECT_EQ(Fit("", {4, 2}), "");
  EXPECT_EQ(Fit("a\n\nb", {4, 9}), "a\n\nb\n");
}

TEST(ScreenTest, PaintTakesNoRoomAndEndsWhereTheLineIsCut) {
  EXPECT_EQ(Fit("\x1b[1m1234\x1b[0m\n", {4, 9}), "\x1b[1m1234\x1b[0m\n");
  EXPECT_EQ(Fit("\x1b[1m12345\x1b[0m6\n", {4, 9}), "\x1b[1m1234\x1b[0m\n");
  EXPECT_EQ(Fit("\x1b[1m12\x1b[0m3456\n", {4, 9}), "\x1b[1m12\x1b[0m34\n");
}

TEST(ScreenTest, CharactersAreCountedAndNotBytes) {
  EXPECT_EQ(Fit("\xe2\x94\x80\xe2\x94\x80\xe2\x94\x80\n", {2, 9}), "\xe2\x94\x80\xe2\x94\x80\n");
}

TEST(ScreenTest, LinesAreBrokenBetweenWords) {
  using Lines = std::vector<std::string>;
  EXPECT_EQ(Wrap("one two three", 20), Lines{"one two three"});
  EXPECT_EQ(Wrap("one two three", 7), (Lines{"one two", "  three"}));
  EXPECT_EQ(Wrap("one two three", 6), (Lines{"one", "  two", "  three"}));
  EXPECT_EQ(Wrap("much-too-long it is", 9), (Lines{"much-too-long", "  it is"}));
  EXPECT_EQ(Wrap("", 9), Lines{});
}

TEST(ScreenTest, AFileHasTheUsualSize) {
  std::FILE* const file = std::tmpfile();
  EXPECT_FALSE(IsTerminal(file));
  EXPECT_EQ(SizeOf(file), ScreenSize());
  std::fclose(file);
}

TEST(ScreenTest, WhatWasThereBeforeComesBack) {
  char* text = nullptr;
  size_t size = 0;
  std::FILE* const file = open_memstream(&text, &size);
  {
    Screen screen(file);
    screen.Show("a\nb\n");
  }
  std::fclose(file);
  EXPECT_EQ(std::string(text, size),
            "\x1b[?1049h\x1b[?25l\x1b[Ha\x1b[K\nb\x1b[K\x1b[J\x1b[?25h\x1b[?1049l");
  std::free(text);
}

}  // namespace
}  // namespace cli
