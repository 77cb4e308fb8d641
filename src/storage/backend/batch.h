#pragma once

#include <cstdint>
#include <vector>

#include "base/bytes.h"

namespace backend {

// A bucket by its place in the list of names that the database was opened with.
using BucketId = uint8_t;

// Changes in the order they are to be made, committed all or none. One thread.
class Batch {
 public:
  struct Operation {
    BucketId bucket = 0;
    bool is_delete = false;
    uint32_t key_bytes = 0;
    uint32_t value_bytes = 0;
    size_t offset = 0;
  };

  // `key` must not be empty. Both are copied.
  void Put(BucketId bucket, base::ByteView key, base::ByteView value);
  // Deleting what is not there is no error.
  void Delete(BucketId bucket, base::ByteView key);
  // Keeps the memory for the next use.
  void Clear();

  bool empty() const { return operations_.empty(); }
  size_t bytes() const { return arena_.size(); }
  const std::vector<Operation>& operations() const { return operations_; }
  base::ByteView key(const Operation& operation) const {
    return base::ByteView(arena_).substr(operation.offset, operation.key_bytes);
  }
  base::ByteView value(const Operation& operation) const {
    return base::ByteView(arena_).substr(operation.offset + operation.key_bytes,
                                         operation.value_bytes);
  }

 private:
  std::vector<Operation> operations_;
  base::Bytes arena_;  // key and value of each operation
};

}  // namespace backend
