#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/colors.h"

namespace cli {

using Row = std::vector<std::string>;
struct Rows {
  Row header;
  std::vector<Row> rows;
};

// How many characters of UTF-8 it has.
size_t WidthOf(std::string_view text);

// How wide the table of these is.
size_t TableWidth(const Rows& rows);

// The table in several, where it is wider than `columns`, each with as many of its columns as there
// is room for, in their order, and with the first one, which says what a row is about. One that is
// too wide by itself stays so.
std::vector<Rows> SplitToFit(const Rows& rows, size_t columns);

// As tablewriter, which etcd uses, draws it: titles centred, cells to the right.
std::string RenderTable(const Rows& rows, const Painter& paint = {});

}  // namespace cli
