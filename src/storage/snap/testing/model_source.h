#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "runtime/random.h"
#include "storage/snap/source.h"

namespace snap::testing {

// The contents of a database: records by key, by bucket.
using Model = std::map<std::string, std::map<std::string, std::string>>;

// A model as a Source; the model outlives it.
class ModelSource final : public Source {
 public:
  explicit ModelSource(const Model* model) : model_(*model) {}

  base::Status Rewind() override {
    next_bucket_ = model_.begin();
    records_ = nullptr;
    return {};
  }
  base::Result<std::optional<base::ByteView>> NextBucket() override {
    if (next_bucket_ == model_.end()) return std::optional<base::ByteView>();
    records_ = &next_bucket_->second;
    next_record_ = records_->begin();
    return std::optional<base::ByteView>((next_bucket_++)->first);
  }
  base::Result<std::optional<Record>> NextRecord() override {
    if (records_ == nullptr || next_record_ == records_->end()) return std::optional<Record>();
    const auto& [key, value] = *next_record_++;
    return std::optional(Record{key, value});
  }

 private:
  const Model& model_;
  Model::const_iterator next_bucket_ = model_.begin();
  const std::map<std::string, std::string>* records_ = nullptr;
  std::map<std::string, std::string>::const_iterator next_record_;
};

// Everything that a source has, or its first error.
inline base::Result<Model> Contents(Source& source) {
  Model model;
  RETURN_IF_ERROR(source.Rewind());
  while (true) {
    ASSIGN_OR_RETURN(const auto name, source.NextBucket());
    if (!name) return model;
    auto& records = model[std::string(*name)];
    while (true) {
      ASSIGN_OR_RETURN(const auto record, source.NextRecord());
      if (!record) break;
      records.emplace(record->key, record->value);
    }
  }
}

inline std::string RandomBytes(runtime::Random& random, size_t size) {
  std::string bytes(size, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random.Below(256));
  return bytes;
}

// A few buckets of every sort: empty, inline, of one leaf and of many levels, with small and with
// oversized records.
inline Model RandomModel(runtime::Random& random) {
  Model model;
  for (uint64_t bucket = random.Below(6); bucket > 0; --bucket) {
    auto& records = model[RandomBytes(random, random.Between(1, 20))];
    constexpr uint64_t kCounts[] = {0, 3, 40, 4000};
    constexpr uint64_t kKeyBytes[] = {8, 40, 600, 32768};
    constexpr uint64_t kValueBytes[] = {0, 30, 300, 9000};
    const uint64_t count = kCounts[random.Below(4)];
    const uint64_t key_bytes = kKeyBytes[count == 4000 ? random.Below(2) : random.Below(4)];
    const uint64_t value_bytes = kValueBytes[count == 4000 ? random.Below(3) : random.Below(4)];
    for (uint64_t i = random.Below(count + 1); i > 0; --i) {
      records[RandomBytes(random, random.Between(1, key_bytes))] =
          RandomBytes(random, random.Below(value_bytes + 1));
    }
  }
  return model;
}

}  // namespace snap::testing
