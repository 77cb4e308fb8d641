#pragma once

#include <cstdint>
#include <string>

#include "base/bytes.h"
#include "storage/schema/schema.h"
#include "storage/snap/testing/model_source.h"

namespace fuzz {

// Any records in the buckets of a database of etcd:
//
//   input = { bucket:u8 key_size:u8 value_size:u8 key value }
inline snap::testing::Model ModelOf(base::ByteView input) {
  snap::testing::Model model;
  while (input.size() >= 3) {
    const auto bucket = static_cast<uint8_t>(input[0]) % schema::kBucketNames.size();
    const size_t key_size = static_cast<uint8_t>(input[1]);
    const size_t value_size = static_cast<uint8_t>(input[2]);
    input.remove_prefix(3);
    const base::ByteView key = input.substr(0, key_size);
    input.remove_prefix(key.size());
    const base::ByteView value = input.substr(0, value_size);
    input.remove_prefix(value.size());
    if (key.empty()) continue;
    model[std::string(schema::kBucketNames[bucket])][std::string(key)] = value;
  }
  return model;
}

}  // namespace fuzz
