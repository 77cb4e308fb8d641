#include "storage/image/database_import.h"

#include <gtest/gtest.h>

#include "storage/backend/memory_backend.h"
#include "storage/image/reader_source.h"
#include "storage/image/testing/model_database.h"
#include "storage/schema/schema.h"
#include "storage/snap/testing/model_source.h"

namespace image {
namespace {

using snap::testing::Model;

class DatabaseImportTest : public ::testing::Test {
 protected:
  base::Status Import(const Model& model) {
    snap::testing::ModelSource source(&model);
    return ImportDatabase(source, *database_);
  }
  Model Imported() {
    const auto reader = database_->NewReader().value();
    ReaderSource source(reader.get());
    return snap::testing::Contents(source).value();
  }
  static Model EmptyBuckets() { return EmptyModel(); }

  std::unique_ptr<backend::Backend> database_ =
      backend::OpenMemoryBackend(backend::NewMemoryDatabase(schema::kBucketNames.size()));
};

TEST_F(DatabaseImportTest, EveryRecordIsCopiedInBatchesOfMegabytes) {
  Model model = EmptyBuckets();
  for (int i = 0; i < 2000; ++i) {
    model["key"]["revision" + std::to_string(i)] = std::string(static_cast<size_t>(i) * 10, 'v');
  }
  model["members"]["8e9e05c52164694d"] = "{}";
  model["meta"]["consistent_index"] = "12345678";
  model["auth"][std::string(schema::kAuthEnabled)] = std::string(1, '\0');
  model["alarm"]["an alarm"] = "";
  model["lease"]["12345678"] = "a lease";
  ASSERT_TRUE(Import(model).ok());
  EXPECT_EQ(Imported(), model);
}

TEST_F(DatabaseImportTest, BucketsMayBeMissing) {
  ASSERT_TRUE(Import({{"key", {{"a", "b"}}}}).ok());
  EXPECT_EQ(Imported()["key"].size(), 1u);
}

TEST_F(DatabaseImportTest, WhatCannotBeServedIsRefusedByName) {
  const std::map<std::string, Model> refused = {{"a bucket \"other\"", {{"other", {}}}}};
  for (const auto& [what, model] : refused) {
    const base::Status status = Import(model);
    EXPECT_EQ(status.code(), base::Code::kFailedPrecondition) << what;
    EXPECT_EQ(status.message(), "a database with " + what + " is not supported by this version");
  }
}

}  // namespace
}  // namespace image
