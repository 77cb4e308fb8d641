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

// As tablewriter, which etcd uses, draws it: titles centred, cells to the right.
std::string RenderTable(const Rows& rows, const Painter& paint = {});

}  // namespace cli
