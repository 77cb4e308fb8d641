#pragma once

#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "base/bytes.h"
#include "base/check.h"
#include "runtime/posix/clock.h"
#include "runtime/posix/disk.h"
#include "storage/backend/lmdb_backend.h"
#include "storage/backend/write_buffer.h"
#include "storage/mvcc/store.h"
#include "storage/mvcc/write_txn.h"
#include "storage/schema/consistent_index.h"
#include "storage/schema/schema.h"

namespace bench {

constexpr size_t kValueBytes = 256;

inline const runtime::posix::Clock& TheClock() {
  static const runtime::posix::Clock clock;
  return clock;
}

inline void Print(const char* what, double value, const char* unit) {
  std::printf("%-52s %10.2f %s\n", what, value, unit);
  std::fflush(stdout);
}

// Keys of 8 bytes, spread evenly, each once.
inline std::string KeyOf(uint64_t number) {
  char bytes[8];
  base::Store64Be(bytes, number * 0x9e3779b97f4a7c15);
  return {bytes, sizeof bytes};
}

// The store on LMDB, with commits made where the caller says.
class LmdbStore {
 public:
  explicit LmdbStore(std::string path) : path_(std::move(path)) { Open(); }

  void Close() {
    store_.reset();
    database_.reset();
  }
  void Open() {
    auto database = backend::OpenLmdbBackend(&disk_, path_, schema::kBucketNames);
    CHECK(database.ok());
    database_ = std::move(database).value();
    buffer_ = std::make_unique<backend::WriteBuffer>(
        backend::WriteBuffer::Limits(),
        [](base::Index index, base::Term term, backend::Batch* batch) {
          schema::PutConsistentIndex({index, term}, batch);
        });
    auto store = mvcc::Store::Open(database_.get(), buffer_.get(), &TheClock(), {},
                                   [](base::ByteView, base::LeaseId) {});
    CHECK(store.ok());
    store_ = std::move(store).value();
  }
  mvcc::Store& mvcc() { return *store_; }
  backend::Backend& database() { return *database_; }

  void Put(base::ByteView key, base::ByteView value) {
    CHECK(store_->Write().Put(key, value, {}).ok());
    EndEntry();
  }
  // Ends the log entry whose changes were made.
  void EndEntry() { buffer_->EndEntry(++index_, base::Term(1), TheClock().Now()); }
  void Commit(bool force) {
    auto commit = store_->TakeCommit(force);
    if (!commit) return;
    CHECK(database_->Commit(*commit->batch).ok());
    store_->Committed(std::move(*commit));
  }
  void Compact() {
    CHECK(store_->Compact(store_->revision()).ok());
    EndEntry();
    Commit(true);
  }

 private:
  runtime::posix::Disk disk_;
  const std::string path_;
  std::unique_ptr<backend::Backend> database_;
  std::unique_ptr<backend::WriteBuffer> buffer_;
  std::unique_ptr<mvcc::Store> store_;
  base::Index index_;
};

}  // namespace bench
