#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "runtime/posix/disk.h"
#include "storage/backend/lmdb_backend.h"
#include "storage/backend/memory_backend.h"
#include "storage/backend/write_buffer.h"
#include "storage/mvcc/store.h"
#include "storage/mvcc/write_txn.h"
#include "storage/schema/consistent_index.h"
#include "storage/schema/schema.h"

namespace mvcc {

// A clock that stands still until it is moved.
class StillClock final : public runtime::Clock {
 public:
  runtime::TimePoint Now() const override {
    if (on_now) on_now();
    return now_;
  }
  runtime::WallTime WallNow() const override { return {}; }
  void Advance(runtime::Duration by) { now_ += by; }

  // Runs whenever the time is asked for: lets something happen in the middle of something else.
  std::function<void()> on_now;

 private:
  runtime::TimePoint now_{};
};

enum class DatabaseKind { kMemory, kLmdb };

// A store on a database that survives it: Reopen is a crash, what was not committed is gone.
class StoreHarness {
 public:
  explicit StoreHarness(DatabaseKind kind, Store::Options options = {})
      : kind_(kind), options_(options) {
    if (kind == DatabaseKind::kLmdb) {
      directory_ = ::testing::TempDir() + "store-XXXXXX";
      EXPECT_NE(::mkdtemp(directory_.data()), nullptr);
      path_ = directory_ + "/db.mdb";
    }
    Reopen();
  }
  // On LMDB at `path`, which stays.
  explicit StoreHarness(std::string path)
      : kind_(DatabaseKind::kLmdb), options_(), path_(std::move(path)) {
    Reopen();
  }
  ~StoreHarness() {
    reads_.reset();
    store_.reset();
    database_.reset();
    if (!directory_.empty()) disk_.RemoveAll(directory_).IgnoreError();
  }

  void Reopen() {
    reads_.reset();
    store_.reset();
    database_.reset();
    if (kind_ == DatabaseKind::kLmdb) {
      auto opened =
          backend::OpenLmdbBackend(&disk_, path_, schema::kBucketNames, {.map_bytes = 1 << 30});
      ASSERT_TRUE(opened.ok()) << opened.status().ToString();
      database_ = std::move(opened).value();
    } else {
      database_ = backend::OpenMemoryBackend(memory_);
    }
    buffer_ = std::make_unique<backend::WriteBuffer>(
        backend::WriteBuffer::Limits(),
        [this](base::Index index, base::Term term, backend::Batch* batch) {
          schema::PutConsistentIndex({index, term}, batch);
          if (on_stamp) on_stamp(batch);
        });
    leases.clear();
    auto store = Store::Open(
        database_.get(), buffer_.get(), &clock, options_,
        [this](base::ByteView key, base::LeaseId lease) { leases.emplace(key, lease); });
    ASSERT_TRUE(store.ok()) << store.status().ToString();
    store_ = std::move(store).value();
    reads_ = std::make_unique<Reads>(store_.get());
    index_ = schema::ReadConsistentIndex(*database_->NewReader().value())->index;
  }

  Store& store() { return *store_; }
  Reads& reads() { return *reads_; }
  backend::WriteBuffer& buffer() { return *buffer_; }
  backend::Backend& database() { return *database_; }
  base::Index index() const { return index_; }

  // Ends the log entry whose changes were made.
  void EndEntry() { buffer_->EndEntry(++index_, base::Term(1), clock.Now()); }
  void Put(base::ByteView key, base::ByteView value, int64_t lease = 0) {
    ASSERT_TRUE(store_->Write().Put(key, value, base::LeaseId(lease)).ok());
    EndEntry();
  }
  void Delete(const KeyRange& range) {
    ASSERT_TRUE(store_->Write().DeleteRange(range).ok());
    EndEntry();
  }
  base::Status Compact(int64_t revision) {
    const base::Status status = store_->Compact(base::Revision(revision));
    EndEntry();
    return status;
  }
  // What was made so far is in the database after this.
  void Commit() {
    auto commit = store_->TakeCommit(true);
    if (!commit) return;
    ASSERT_TRUE(database_->Commit(*commit->batch).ok());
    store_->Committed(std::move(*commit));
  }
  // Carries a compaction to its end.
  void FinishCompaction() {
    Commit();
    for (bool more = true; more; Commit()) {
      auto step = store_->CompactionStep();
      ASSERT_TRUE(step.ok()) << step.status().ToString();
      more = *step;
    }
  }
  size_t RecordCount() {
    const auto reader = std::move(database_->NewReader()).value();
    const auto cursor = reader->NewCursor(schema::Id(schema::Bucket::kKey));
    size_t count = 0;
    EXPECT_TRUE(cursor->Seek({}).ok());
    for (; cursor->valid(); ++count) EXPECT_TRUE(cursor->Next().ok());
    return count;
  }

  StillClock clock;
  std::function<void(backend::Batch* batch)> on_stamp;  // adds to each batch that is cut
  std::map<std::string, base::LeaseId> leases;          // found by the last opening

 private:
  const DatabaseKind kind_;
  const Store::Options options_;
  runtime::posix::Disk disk_;
  std::string directory_;  // removed at the end; empty if there is none
  std::string path_;       // of an LMDB database
  std::shared_ptr<backend::MemoryDatabase> memory_ =
      backend::NewMemoryDatabase(schema::kBucketNames.size());
  std::unique_ptr<backend::Backend> database_;
  std::unique_ptr<backend::WriteBuffer> buffer_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<Reads> reads_;
  base::Index index_;
};

}  // namespace mvcc
