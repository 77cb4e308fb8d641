#include "cli/table.h"

#include <algorithm>
#include <cctype>
#include <numeric>

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

std::vector<size_t> WidthsOf(const Rows& rows) {
  std::vector<size_t> widths;
  for (const std::string& name : rows.header) widths.push_back(WidthOf(name));
  for (const Row& row : rows.rows) {
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], WidthOf(row[i]));
  }
  return widths;
}

// Of a table whose columns are `text` wide together: a line before each, two spaces around, and one
// at the end.
size_t Drawn(size_t text, size_t columns) {
  return text + 3 * columns + 1;
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

size_t TableWidth(const Rows& rows) {
  const std::vector<size_t> widths = WidthsOf(rows);
  return Drawn(std::accumulate(widths.begin(), widths.end(), size_t{0}), widths.size());
}

std::vector<Rows> SplitToFit(const Rows& rows, size_t columns) {
  const std::vector<size_t> widths = WidthsOf(rows);
  std::vector<Rows> tables;
  size_t text = 0;  // of the last table
  for (size_t i = 0; i < widths.size(); ++i) {
    const bool begins =
        tables.empty() || (tables.back().header.size() > 1 &&
                           Drawn(text + widths[i], tables.back().header.size() + 1) > columns);
    if (begins) {
      tables.emplace_back().rows.resize(rows.rows.size());
      text = 0;
    }
    for (const size_t column :
         begins&& i > 0 ? std::vector<size_t>{0, i} : std::vector<size_t>{i}) {
      tables.back().header.push_back(rows.header[column]);
      for (size_t row = 0; row < rows.rows.size(); ++row) {
        tables.back().rows[row].push_back(rows.rows[row][column]);
      }
      text += widths[column];
    }
  }
  return tables;
}

std::string RenderTable(const Rows& rows, const Painter& paint) {
  const std::vector<size_t> widths = WidthsOf(rows);
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
