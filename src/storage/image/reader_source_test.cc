#include "storage/image/reader_source.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "runtime/posix/disk.h"
#include "runtime/random.h"
#include "storage/backend/lmdb_backend.h"
#include "storage/image/testing/model_database.h"

namespace image {
namespace {

// Names in the order in which they come; Contents would sort them.
std::vector<std::string> KeysOf(snap::Source& source, std::string_view bucket) {
  std::vector<std::string> keys;
  EXPECT_TRUE(source.Rewind().ok());
  while (true) {
    const auto name = source.NextBucket();
    EXPECT_TRUE(name.ok());
    if (!name.ok() || !*name) return keys;
    while (true) {
      const auto record = source.NextRecord();
      EXPECT_TRUE(record.ok());
      if (!record.ok() || !*record) break;
      if (**name == bucket) keys.emplace_back((*record)->key);
    }
  }
}

// Users with names of all lengths around the limits of the database's keys, most of which begin
// with the same bytes.
Model UsersWithLongNames(runtime::Random& random, int count) {
  Model model = EmptyModel();
  auto& users = model["authUsers"];
  for (int i = 0; i < count; ++i) {
    std::string name(random.OneIn(4) ? random.Between(1, 3) : 479, random.OneIn(5) ? 'a' : 'b');
    name += snap::testing::RandomBytes(random, random.Below(60));
    users[name] = "user " + std::to_string(i);
  }
  return model;
}

std::vector<std::string> Sorted(const Model& model, const std::string& bucket) {
  std::vector<std::string> keys;
  for (const auto& [key, value] : model.at(bucket)) keys.push_back(key);
  return keys;
}

TEST(ReaderSourceTest, HasEveryBucketAndRecordAgainAfterEachRewind) {
  Model model = EmptyModel();
  model["key"]["a"] = "1";
  model["key"]["b"] = "";
  model["meta"]["confState"] = "{}";
  const auto database = DatabaseOf(model);
  const auto reader = std::move(database->NewReader()).value();
  ReaderSource source(reader.get());
  EXPECT_EQ(*snap::testing::Contents(source), model);
  EXPECT_EQ(*snap::testing::Contents(source), model);
}

TEST(ReaderSourceTest, WhatEtcdDoesNotHaveIsThereOnceItIsUsed) {
  Model model = EmptyModel();
  model["v2"]["a"] = "1";
  const auto database = DatabaseOf(model);
  const auto reader = std::move(database->NewReader()).value();
  ReaderSource source(reader.get());
  EXPECT_EQ(*snap::testing::Contents(source), model);
}

TEST(ReaderSourceTest, ABucketMayBeLeftBeforeItsEnd) {
  Model model = EmptyModel();
  model["alarm"] = {{"a", "1"}, {"b", "2"}};
  model["auth"] = {{"c", "3"}};
  const auto database = DatabaseOf(model);
  const auto reader = std::move(database->NewReader()).value();
  ReaderSource source(reader.get());
  ASSERT_EQ(*source.NextBucket(), "alarm");
  ASSERT_EQ((*source.NextRecord())->key, "a");
  ASSERT_EQ(*source.NextBucket(), "auth");
  ASSERT_EQ((*source.NextRecord())->key, "c");
  EXPECT_FALSE(source.NextRecord()->has_value());
  EXPECT_FALSE(source.NextRecord()->has_value());
}

TEST(ReaderSourceTest, LongKeysComeInOrderHoweverFewAreSortedAtATime) {
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    runtime::Random random(seed);
    const Model model = UsersWithLongNames(random, 300);
    const auto database = DatabaseOf(model);
    const auto reader = std::move(database->NewReader()).value();
    for (const size_t bytes : {size_t{1}, size_t{5000}, ReaderSource::kSortedKeyBytesMax}) {
      ReaderSource source(reader.get(), bytes);
      ASSERT_EQ(KeysOf(source, "authUsers"), Sorted(model, "authUsers"));
      ASSERT_EQ(*snap::testing::Contents(source), model);
    }
  }
}

TEST(ReaderSourceTest, LongKeysComeInOrderFromLmdb) {
  runtime::posix::Disk disk;
  std::string directory = ::testing::TempDir() + "source-XXXXXX";
  ASSERT_NE(::mkdtemp(directory.data()), nullptr);
  {
    runtime::Random random(3);
    const Model model = UsersWithLongNames(random, 300);
    auto database = backend::OpenLmdbBackend(&disk, directory + "/db.mdb", schema::kBucketNames,
                                             {.map_bytes = 1 << 28});
    ASSERT_TRUE(database.ok());
    Fill(**database, model);
    const auto reader = std::move((*database)->NewReader()).value();
    ReaderSource source(reader.get(), 5000);
    EXPECT_EQ(KeysOf(source, "authUsers"), Sorted(model, "authUsers"));
    EXPECT_EQ(*snap::testing::Contents(source), model);
  }
  disk.RemoveAll(directory).IgnoreError();
}

}  // namespace
}  // namespace image
