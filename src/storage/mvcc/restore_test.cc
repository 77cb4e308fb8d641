#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "runtime/simulated/scheduler.h"
#include "storage/backend/memory_backend.h"
#include "storage/backend/write_buffer.h"
#include "storage/mvcc/key_value.h"
#include "storage/mvcc/revision.h"
#include "storage/mvcc/store.h"
#include "storage/schema/schema.h"

namespace mvcc {
namespace {

std::pair<std::string, std::string> RecordOf(Revision revision, bool is_tombstone,
                                             const KeyValue& kv) {
  std::string value(KeyValueSize(kv), '\0');
  WriteKeyValue(kv, value.data());
  return {std::string(RevisionKey(revision, is_tombstone).view()), value};
}

base::Status Open(const std::vector<std::pair<std::string, std::string>>& records) {
  const auto database =
      backend::OpenMemoryBackend(backend::NewMemoryDatabase(schema::kBucketNames.size()));
  backend::Batch batch;
  for (const auto& [key, value] : records) {
    batch.Put(schema::Id(schema::Bucket::kKey), key, value);
  }
  EXPECT_TRUE(database->Commit(batch).ok());
  runtime::simulated::Scheduler scheduler(1);
  backend::WriteBuffer buffer({}, [](base::Index, base::Term, backend::Batch*) {});
  return Store::Open(database.get(), &buffer, &scheduler.clock(), {},
                     [](base::ByteView, base::LeaseId) {})
      .status();
}

KeyValue Pair(int64_t created) {
  return {.key = "a", .create_revision = created, .mod_revision = 2, .version = 1, .value = "v"};
}

TEST(RestoreTest, WhatAStoreWroteIsRead) {
  EXPECT_TRUE(Open({RecordOf({2, 0}, false, Pair(2)), RecordOf({2, 1}, true, {.key = "b"}),
                    RecordOf({3, 0}, true, {.key = "a"})})
                  .ok());
}

TEST(RestoreTest, RecordsThatNoStoreWritesAreRefused) {
  EXPECT_EQ(Open({RecordOf({2, 0}, false, Pair(2)), RecordOf({2, 0}, true, {.key = "a"})}).code(),
            base::Code::kDataLoss)
      << "two of one revision";
  EXPECT_EQ(Open({RecordOf({0, 0}, false, Pair(0))}).code(), base::Code::kDataLoss);
  EXPECT_EQ(Open({RecordOf({2, int64_t{1} << 40}, false, Pair(2))}).code(), base::Code::kDataLoss);
  EXPECT_EQ(Open({RecordOf({2, 0}, false, Pair(3))}).code(), base::Code::kDataLoss);
  EXPECT_EQ(Open({RecordOf({2, 0}, false, Pair(-1))}).code(), base::Code::kDataLoss);
}

}  // namespace
}  // namespace mvcc
