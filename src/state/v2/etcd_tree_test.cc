#include "state/v2/etcd_tree.h"

#include <gtest/gtest.h>

#include "state/v2/store.h"
#include "state/v2/tree.h"
#include "storage/backend/memory_backend.h"
#include "storage/backend/write_buffer.h"
#include "storage/schema/schema.h"

namespace v2 {
namespace {

class EtcdTreeTest : public ::testing::Test {
 protected:
  base::Status Load(const std::string& json) {
    backend::Batch batch;
    RETURN_IF_ERROR(PutEtcdTree(json, &batch));
    return Load(batch);
  }
  base::Status Load(backend::Batch& batch) {
    RETURN_IF_ERROR(database_->Commit(batch));
    ASSIGN_OR_RETURN(const auto reader, database_->NewReader());
    ASSIGN_OR_RETURN(store_, Store::Load(*reader, &buffer_));
    return {};
  }
  const Node* Find(std::string_view path) const {
    const Node* node = store_->published().Get()->root.get();
    for (const std::string_view name : Elements(path)) {
      if (node != nullptr) node = FindChild(*node, name);
    }
    return node;
  }

  std::unique_ptr<backend::Backend> database_ =
      backend::OpenMemoryBackend(backend::NewMemoryDatabase(schema::kBucketNames.size()));
  backend::WriteBuffer buffer_{{}, [](base::Index, base::Term, backend::Batch*) {}};
  std::unique_ptr<Store> store_;
};

TEST_F(EtcdTreeTest, FilesDirectoriesAndTimesAreTaken) {
  const std::string json = R"({"Root":{"Path":"/","Children":{
      "0":{"Children":{"members":{"Children":{}}}},
      "1":{"Children":{
        "a":{"Path":"/1/a","CreatedIndex":4,"ModifiedIndex":6,"ExpireTime":"0001-01-01T00:00:00Z",
             "Value":"x","Children":null},
        "d":{"CreatedIndex":5,"ModifiedIndex":5,"ExpireTime":"2020-09-13T14:26:40.5+02:00",
             "Children":{"_h":{"Value":"y","Children":null},"e":{"Children":{}}}}}},
      "2":{"Children":{"enabled":{"Value":"true","Children":null}}}}},
      "CurrentIndex":9,"WatcherHub":{}})";
  ASSERT_TRUE(Load(json).ok());
  EXPECT_TRUE(store_->begun());
  EXPECT_EQ(store_->index(), 9u);
  EXPECT_EQ(Find("/1/a")->value(), "x");
  EXPECT_EQ(Find("/1/a")->created(), 4u);
  EXPECT_EQ(Find("/1/a")->modified(), 6u);
  EXPECT_EQ(Find("/1/a")->expiration(), 0);
  EXPECT_EQ(Find("/1/d")->expiration(), 1'600'000'000'500'000'000);
  EXPECT_EQ(store_->first_expiration(), 1'600'000'000'500'000'000);
  EXPECT_EQ(Find("/1/d/_h")->value(), "y");
  EXPECT_TRUE(Find("/1/d/e")->is_directory());
  EXPECT_EQ(Find("/2/enabled")->value(), "true");
  EXPECT_EQ(Find("/0/members"), nullptr);
}

TEST_F(EtcdTreeTest, AnEmptyTreeBegins) {
  backend::Batch batch;
  PutEmptyTree(&batch);
  ASSERT_TRUE(Load(batch).ok());
  EXPECT_TRUE(store_->begun());
  EXPECT_EQ(store_->index(), 0u);
  EXPECT_TRUE(Find("/1")->is_directory());
}

TEST_F(EtcdTreeTest, WhatIsNoStoreIsRefused) {
  for (const char* const json :
       {"", "[]", R"({"Root":1})", R"({"Root":{},"CurrentIndex":-1})",
        R"({"Root":{"Children":[]},"CurrentIndex":1})",
        R"({"Root":{"Children":{"1":{"Children":{"":{}}}}}})",
        R"({"Root":{"Children":{"1":{"Children":{"a/b":{}}}}}})",
        R"({"Root":{"Children":{"1":{"Children":{"a":{"Value":1}}}}}})",
        R"({"Root":{"Children":{"1":{"Children":{"a":{"ExpireTime":"soon"}}}}}})"}) {
    EXPECT_EQ(Load(json).code(), base::Code::kDataLoss) << json;
  }
}

TEST_F(EtcdTreeTest, TimesAreThoseOfGo) {
  EXPECT_EQ(ParseExpireTime("0001-01-01T00:00:00Z"), 0);
  EXPECT_EQ(ParseExpireTime("1970-01-01T00:00:01.000000001Z"), 1'000'000'001);
  EXPECT_EQ(ParseExpireTime("1970-01-01T01:00:00-01:30"), 9'000'000'000'000);
  EXPECT_EQ(ParseExpireTime("9999-01-01T00:00:00Z"), 0);
  for (const char* const text :
       {"", "1970-01-01", "1970-13-01T00:00:00Z", "1970-01-01T00:00:00", "1970-01-01T00:00:00Zx",
        "1970-01-01T00:00:00+1", "-970-01-01T00:00:00Z"}) {
    EXPECT_FALSE(ParseExpireTime(text).has_value()) << text;
  }
}

}  // namespace
}  // namespace v2
