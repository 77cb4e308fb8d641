#include "storage/image/database_hash.h"

#include <gtest/gtest.h>

#include <string>

#include "base/crc32c.h"
#include "storage/image/testing/model_database.h"

namespace image {
namespace {

// In steps of `bytes`.
uint32_t HashOf(const Model& model, size_t bytes = 1 << 20) {
  const auto database = DatabaseOf(model);
  DatabaseHash hash(std::move(database->NewReader()).value());
  while (true) {
    const auto more = hash.Step(bytes);
    EXPECT_TRUE(more.ok());
    if (!more.ok() || !*more) return hash.hash();
  }
}

Model SomeRecords() {
  Model model = EmptyModel();
  model["alarm"]["a"] = "";
  model["key"] = {{"revision 1", "one"}, {"revision 2", "two"}};
  model["meta"] = {{"confState", "{}"}, {"finishedCompactRev", "5"}};
  return model;
}

TEST(DatabaseHashTest, GoesOverNamesOfBucketsAndTheirRecordsInOrder) {
  EXPECT_EQ(HashOf(SomeRecords()), base::Crc32c("alarm"
                                                "a"
                                                "authauthRolesauthUserscluster"
                                                "key"
                                                "revision 1onerevision 2two"
                                                "leasemembersmembers_removed"
                                                "meta"
                                                "confState{}finishedCompactRev5"));
}

TEST(DatabaseHashTest, LeavesOutWhatDiffersBetweenMembers) {
  Model model = SomeRecords();
  for (const char* key : {"consistent_index", "term", "storageVersion"}) {
    model["meta"][key] = "of this member";
  }
  EXPECT_EQ(HashOf(model), HashOf(SomeRecords()));
  model["cluster"]["term"] = "is another bucket's";
  EXPECT_NE(HashOf(model), HashOf(SomeRecords()));
}

TEST(DatabaseHashTest, IsTheSameInStepsOfAnySize) {
  Model model = SomeRecords();
  for (int i = 0; i < 500; ++i) model["lease"][std::to_string(i)] = std::string(100, 'l');
  EXPECT_EQ(HashOf(model, 1), HashOf(model));
  EXPECT_EQ(HashOf(model, 1000), HashOf(model));
}

TEST(DatabaseHashTest, AStepDoesNoMoreThanItWasAskedFor) {
  Model model = EmptyModel();
  for (int i = 0; i < 100; ++i) model["key"][std::to_string(100 + i)] = std::string(97, 'v');
  const auto database = DatabaseOf(model);
  DatabaseHash hash(std::move(database->NewReader()).value());
  int steps = 1;
  while (*hash.Step(1000)) ++steps;
  EXPECT_EQ(steps, 11);
}

}  // namespace
}  // namespace image
