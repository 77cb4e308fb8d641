#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "storage/backend/memory_backend.h"
#include "storage/schema/schema.h"
#include "storage/snap/testing/model_source.h"

namespace image {

using snap::testing::Model;

// All buckets of etcd's schema, without records.
inline Model EmptyModel() {
  Model model;
  for (const std::string_view name : schema::kBucketNames)
    model.emplace(name, Model::mapped_type());
  model.erase(std::string(schema::kBucketNames[schema::Id(schema::Bucket::kV2)]));
  return model;
}

// Commits the records of the model, whose buckets are those of the schema.
inline void Fill(backend::Backend& database, const Model& model) {
  backend::Batch batch;
  for (size_t bucket = 0; bucket < schema::kBucketNames.size(); ++bucket) {
    const auto records = model.find(std::string(schema::kBucketNames[bucket]));
    if (records == model.end()) continue;
    for (const auto& [key, value] : records->second) {
      batch.Put(static_cast<backend::BucketId>(bucket), key, value);
    }
  }
  ASSERT_TRUE(database.Commit(batch).ok());
}

// A memory backend with these records.
inline std::unique_ptr<backend::Backend> DatabaseOf(const Model& model) {
  auto database =
      backend::OpenMemoryBackend(backend::NewMemoryDatabase(schema::kBucketNames.size()));
  Fill(*database, model);
  return database;
}

}  // namespace image
