#include "storage/mvcc/record_table.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "runtime/random.h"

namespace mvcc {
namespace {

TEST(RecordTableTest, HasOneRecordAKeyAndGivesThemInOrder) {
  for (const std::string prefix : {"", "/a/long/prefix/of/all/keys/"}) {
    runtime::Random random(1);
    RecordTable table;
    std::map<std::string, KeyRecord*> expected;
    for (int i = 0; i < 20'000; ++i) {
      std::string key = prefix;
      for (uint64_t left = random.Below(12); left > 0; --left) {
        key += static_cast<char>(random.OneIn(4) ? 0 : 'a' + random.Below(3));
      }
      KeyRecord* const record = table.FindOrAdd(RecordTable::HashOf(key), key);
      ASSERT_EQ(record->key(), key);
      ASSERT_EQ(expected.emplace(key, record).first->second, record);
    }
    const auto sorted = table.TakeSorted();
    ASSERT_EQ(sorted.size(), expected.size());
    auto next = expected.begin();
    for (const auto& record : sorted) ASSERT_EQ(record->key(), (next++)->first);
    EXPECT_TRUE(table.TakeSorted().empty());
  }
}

}  // namespace
}  // namespace mvcc
