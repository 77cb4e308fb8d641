#include "cli/table.h"

#include <algorithm>
#include <cctype>

namespace cli {
namespace {

struct Corners {
  const char* left;
  const char* middle;
  const char* right;
};

std::string Rule(const std::vector<size_t>& widths, const Corners& corners) {
  std::string line = corners.left;
  for (size_t i = 0; i < widths.size(); ++i) {
    for (size_t k = 0; k < widths[i] + 2; ++k) line += "─";
    line += i + 1 < widths.size() ? corners.middle : corners.right;
  }
  return line + "\n";
}

std::string Title(const std::string& name) {
  std::string title = name;
  for (char& character : title) {
    character = character == '_'
                    ? ' '
                    : static_cast<char>(std::toupper(static_cast<unsigned char>(character)));
  }
  return title;
}

}  // namespace

size_t WidthOf(std::string_view text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char byte) {
    return (static_cast<unsigned char>(byte) & 0xc0) != 0x80;
  }));
}

std::string RenderTable(const Rows& rows, const Painter& paint) {
  std::vector<size_t> widths;
  for (const std::string& name : rows.header) widths.push_back(WidthOf(name));
  for (const Row& row : rows.rows) {
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], WidthOf(row[i]));
  }
  std::string text = Rule(widths, {"┌", "┬", "┐"});
  for (size_t i = 0; i < widths.size(); ++i) {
    const size_t pad = widths[i] - WidthOf(rows.header[i]);
    text += "│ " + std::string(pad / 2, ' ') + paint(Color::kBold, Title(rows.header[i])) +
            std::string(pad - pad / 2, ' ') + " ";
  }
  text += "│\n";
  if (!rows.rows.empty()) text += Rule(widths, {"├", "┼", "┤"});
  for (const Row& row : rows.rows) {
    for (size_t i = 0; i < row.size(); ++i) {
      text += "│ " + std::string(widths[i] - WidthOf(row[i]), ' ') + row[i] + " ";
    }
    text += "│\n";
  }
  return text + Rule(widths, {"└", "┴", "┘"});
}

}  // namespace cli
