#pragma once

#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

namespace cli {

// Whether a terminal is behind the file.
bool IsTerminal(std::FILE* file);

// In characters. 80 by 24 if the terminal does not say.
struct ScreenSize {
  size_t columns = 80;
  size_t rows = 24;
  friend bool operator==(const ScreenSize&, const ScreenSize&) = default;
};
ScreenSize SizeOf(std::FILE* terminal);

// The text with each line cut to the columns, and as many lines as there are rows; what paints
// takes no room, and a line that is cut is not painted further.
std::string Fit(const std::string& text, const ScreenSize& size);

// A line as several of at most so many columns, if no word is longer; those behind the first are
// indented.
std::vector<std::string> Wrap(std::string_view line, size_t columns);

// A terminal as a page that is written anew, on a screen of its own: what was there before comes
// back when this ends.
class Screen {
 public:
  explicit Screen(std::FILE* terminal);
  ~Screen();
  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;

  // Lines, in place of what was shown.
  void Show(const std::string& text);

 private:
  std::FILE* const terminal_;
};

}  // namespace cli
