#include "cli/table.h"

#include <gtest/gtest.h>

namespace cli {
namespace {

Rows Some() {
  return {.header = {"id", "one", "two", "three"},
          .rows = {{"a", "1", "22", "333"}, {"b", "4444", "5", "6"}}};
}

TEST(TableTest, ItsWidthIsThatOfItsLines) {
  const std::string text = RenderTable(Some());
  EXPECT_EQ(TableWidth(Some()), WidthOf(text.substr(0, text.find('\n'))));
}

TEST(TableTest, ItIsSplitWhereItDoesNotFit) {
  const Rows all = Some();
  EXPECT_EQ(SplitToFit(all, TableWidth(all)).size(), 1u);
  const std::vector<Rows> tables = SplitToFit(all, TableWidth(all) - 1);
  ASSERT_EQ(tables.size(), 2u);
  EXPECT_EQ(tables[0].header, (Row{"id", "one", "two"}));
  EXPECT_EQ(tables[0].rows[1], (Row{"b", "4444", "5"}));
  EXPECT_EQ(tables[1].header, (Row{"id", "three"}));
  EXPECT_EQ(tables[1].rows[0], (Row{"a", "333"}));
}

TEST(TableTest, EachPartHasAColumnHoweverNarrowItIsToBe) {
  const std::vector<Rows> tables = SplitToFit(Some(), 1);
  ASSERT_EQ(tables.size(), 3u);
  for (const Rows& table : tables) EXPECT_EQ(table.header.size(), 2u);
}

}  // namespace
}  // namespace cli
