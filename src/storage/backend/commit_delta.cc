#include "storage/backend/commit_delta.h"

#include <utility>

#include "base/check.h"

namespace backend {
namespace {

// A batch in the spool, in numbers of this machine, as nobody else reads it:
//
//   batch     = the size of what follows: u64, { operation key value }
//   operation = bucket:u8 is_delete:u8 key_size:u32 value_size:u32
constexpr size_t kSizeBytes = 8;
constexpr size_t kOperationBytes = 10;
constexpr size_t kMemoryBytes = 4 << 20;

base::Bytes Encode(const Batch& batch) {
  base::Bytes encoded;
  encoded.reserve(kSizeBytes + batch.bytes() + batch.operations().size() * kOperationBytes);
  encoded.resize(kSizeBytes);
  for (const Batch::Operation& operation : batch.operations()) {
    char header[kOperationBytes];
    header[0] = static_cast<char>(operation.bucket);
    header[1] = operation.is_delete ? 1 : 0;
    base::Store32Le(header + 2, operation.key_bytes);
    base::Store32Le(header + 6, operation.value_bytes);
    encoded.append(header, sizeof header).append(batch.key(operation));
    encoded.append(batch.value(operation));
  }
  base::Store64Le(encoded.data(), encoded.size() - kSizeBytes);
  return encoded;
}

void Decode(base::ByteView encoded, Batch* batch) {
  batch->Clear();
  while (!encoded.empty()) {
    const auto bucket = static_cast<BucketId>(encoded[0]);
    const bool is_delete = encoded[1] != 0;
    const size_t key_bytes = base::Load32Le(encoded.data() + 2);
    const size_t value_bytes = base::Load32Le(encoded.data() + 6);
    const base::ByteView key = encoded.substr(kOperationBytes, key_bytes);
    const base::ByteView value = encoded.substr(kOperationBytes + key_bytes, value_bytes);
    is_delete ? batch->Delete(bucket, key) : batch->Put(bucket, key, value);
    encoded.remove_prefix(kOperationBytes + key_bytes + value_bytes);
  }
}

}  // namespace

CommitDelta::CommitDelta(runtime::Disk* disk, std::string path, uint64_t bytes_max)
    : bytes_max_(bytes_max),
      spool_(disk, {.path = std::move(path), .memory_bytes_max = kMemoryBytes}, [] {}) {}

void CommitDelta::Add(const Batch& batch) {
  if (!failure().ok()) return;
  const base::Bytes encoded = Encode(batch);
  base::Status failure;
  if (pending_bytes() + encoded.size() > bytes_max_) {
    failure = base::Status(base::Code::kResourceExhausted,
                           "more than " + std::to_string(bytes_max_) +
                               " bytes were committed while the database was copied");
  } else {
    failure = spool_.Append(encoded);
  }
  const std::lock_guard lock(mutex_);
  if (failure.ok()) {
    pending_bytes_ += encoded.size();
  } else {
    failure_ = std::move(failure);
  }
}

base::Result<bool> CommitDelta::Take(Batch* batch) {
  RETURN_IF_ERROR(failure());
  if (pending_bytes() == 0) return false;
  base::Bytes bytes;
  RETURN_IF_ERROR(ReadExactly(kSizeBytes, &bytes));
  const uint64_t size = base::Load64Le(bytes.data());
  RETURN_IF_ERROR(ReadExactly(size, &bytes));
  Decode(bytes, batch);
  const std::lock_guard lock(mutex_);
  pending_bytes_ -= kSizeBytes + size;
  return true;
}

// A batch is appended to the spool as a whole, so all of it is there.
base::Status CommitDelta::ReadExactly(size_t size, base::Bytes* out) {
  out->clear();
  base::Bytes piece;
  while (out->size() < size) {
    ASSIGN_OR_RETURN(const auto state, spool_.Take(size - out->size(), &piece));
    CHECK(state == spool::Spool::State::kBytes);
    out->append(piece);
  }
  return {};
}

uint64_t CommitDelta::pending_bytes() const {
  const std::lock_guard lock(mutex_);
  return pending_bytes_;
}

base::Status CommitDelta::failure() const {
  const std::lock_guard lock(mutex_);
  return failure_;
}

}  // namespace backend
