#include "cli/screen.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <string_view>

#include "cli/command.h"
#include "cli/table.h"

namespace cli {
namespace {

constexpr char kEscape = '\x1b';
constexpr char kUnpainted[] = "\x1b[0m";
// Another screen, without a cursor; and back.
constexpr char kEnter[] = "\x1b[?1049h\x1b[?25l";
constexpr char kLeave[] = "\x1b[?25h\x1b[?1049l";
constexpr char kHome[] = "\x1b[H";
constexpr char kClearLine[] = "\x1b[K";
constexpr char kClearRest[] = "\x1b[J";

// Of UTF-8, a byte that goes on with a character.
bool GoesOn(char byte) {
  return (static_cast<unsigned char>(byte) & 0xc0) == 0x80;
}

std::string Cut(std::string_view line, size_t columns) {
  std::string text;
  size_t used = 0;
  bool painted = false;
  for (size_t i = 0; i < line.size(); ++i) {
    if (line[i] == kEscape) {
      const size_t end = line.find('m', i);
      if (end == std::string_view::npos) break;
      text += line.substr(i, end - i + 1);
      painted = text.size() < 4 || !text.ends_with(kUnpainted);
      i = end;
      continue;
    }
    if (!GoesOn(line[i]) && used++ == columns) return painted ? text + kUnpainted : text;
    text += line[i];
  }
  return text;
}

}  // namespace

bool IsTerminal(std::FILE* file) {
  return isatty(fileno(file)) == 1;
}

ScreenSize SizeOf(std::FILE* terminal) {
  winsize size{};
  if (ioctl(fileno(terminal), TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0) {
    return {};
  }
  return {size.ws_col, size.ws_row};
}

std::string Fit(const std::string& text, const ScreenSize& size) {
  std::string fitting;
  size_t rows = 0;
  for (size_t at = 0; at < text.size() && rows < size.rows; ++rows) {
    const size_t end = std::min(text.find('\n', at), text.size());
    fitting += Cut(std::string_view(text).substr(at, end - at), size.columns) + "\n";
    at = end + 1;
  }
  return fitting;
}

std::vector<std::string> Wrap(std::string_view line, size_t columns) {
  std::vector<std::string> lines;
  while (!line.empty()) {
    const std::string_view word = line.substr(0, line.find(' '));
    line.remove_prefix(std::min(word.size() + 1, line.size()));
    if (!lines.empty() && WidthOf(lines.back()) + 1 + WidthOf(word) <= columns) {
      lines.back() += " " + std::string(word);
    } else {
      lines.push_back((lines.empty() ? "" : "  ") + std::string(word));
    }
  }
  return lines;
}

Screen::Screen(std::FILE* terminal) : terminal_(terminal) {
  Print(terminal_, kEnter);
}

Screen::~Screen() {
  Print(terminal_, kLeave);
}

void Screen::Show(const std::string& text) {
  std::string page = kHome;
  const std::string lines = Fit(text, SizeOf(terminal_));
  for (size_t at = 0; at < lines.size();) {
    const size_t end = lines.find('\n', at);
    page += (at == 0 ? "" : "\n") + lines.substr(at, end - at) + kClearLine;
    at = end + 1;
  }
  Print(terminal_, page + kClearRest);
}

}  // namespace cli
