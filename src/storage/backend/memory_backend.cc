#include "storage/backend/memory_backend.h"

#include <atomic>
#include <map>
#include <mutex>
#include <set>
#include <utility>
#include <vector>

#include "base/check.h"
#include "storage/backend/stored_record.h"
#include "storage/backend/too_many_readers.h"

namespace backend {

// Records with their versions: one for each commit that changed them, as long as a reader may ask
// for an older one. Any thread.
class MemoryDatabase {
 public:
  // A value from `commit` on; nothing is a deletion. The bytes stay where they are while any
  // reader that can see them lives.
  struct Version {
    uint64_t commit;
    std::shared_ptr<const base::Bytes> value;
  };
  using Versions = std::vector<Version>;
  using Bucket = std::map<base::Bytes, Versions, std::less<>>;

  explicit MemoryDatabase(size_t bucket_count) : buckets_(bucket_count) {}

  uint64_t Pin() {
    const std::lock_guard lock(mutex_);
    pins_.insert(commit_);
    return commit_;
  }
  void Unpin(uint64_t commit) {
    const std::lock_guard lock(mutex_);
    pins_.erase(pins_.find(commit));
  }

  void Commit(const Batch& batch) {
    const std::lock_guard lock(mutex_);
    ++commit_;
    const uint64_t oldest = pins_.empty() ? commit_ : *pins_.begin();
    base::Bytes scratch;
    for (const Batch::Operation& operation : batch.operations()) {
      const base::ByteView key = StoredKey(batch.key(operation), &scratch);
      std::shared_ptr<const base::Bytes> value;
      if (!operation.is_delete) {
        value = std::make_shared<const base::Bytes>(
            StoredValue(batch.key(operation), batch.value(operation)));
      }
      Set(operation.bucket, key, std::move(value), oldest);
    }
  }

  // The first record at or after `key` (or after it, exclusively) as of `commit`.
  struct Found {
    base::Bytes key;
    std::shared_ptr<const base::Bytes> value;
  };
  std::optional<Found> Seek(BucketId id, base::ByteView key, bool exclusive, uint64_t commit) {
    const std::lock_guard lock(mutex_);
    const Bucket& bucket = buckets_.at(id);
    auto entry = exclusive ? bucket.upper_bound(key) : bucket.lower_bound(key);
    for (; entry != bucket.end(); ++entry) {
      if (auto value = ValueAt(entry->second, commit)) return Found{entry->first, value};
    }
    return std::nullopt;
  }
  std::optional<Found> SeekToLast(BucketId id, uint64_t commit) {
    const std::lock_guard lock(mutex_);
    const Bucket& bucket = buckets_.at(id);
    return LastBefore(bucket, bucket.end(), commit);
  }
  std::optional<Found> SeekBefore(BucketId id, base::ByteView key, uint64_t commit) {
    const std::lock_guard lock(mutex_);
    const Bucket& bucket = buckets_.at(id);
    return LastBefore(bucket, bucket.lower_bound(key), commit);
  }
  std::shared_ptr<const base::Bytes> Get(BucketId id, base::ByteView key, uint64_t commit) {
    const std::lock_guard lock(mutex_);
    const Bucket& bucket = buckets_.at(id);
    const auto entry = bucket.find(key);
    return entry == bucket.end() ? nullptr : ValueAt(entry->second, commit);
  }

  uint64_t bytes() const {
    const std::lock_guard lock(mutex_);
    return bytes_;
  }

 private:
  static base::Bytes StoredValue(base::ByteView key, base::ByteView value) {
    base::Bytes stored(value.size() + StoredSuffixSize(key), '\0');
    value.copy(stored.data(), value.size());
    WriteStoredSuffix(key, value, stored.data() + value.size());
    return stored;
  }

  static std::shared_ptr<const base::Bytes> ValueAt(const Versions& versions, uint64_t commit) {
    for (auto version = versions.rbegin(); version != versions.rend(); ++version) {
      if (version->commit <= commit) return version->value;
    }
    return nullptr;
  }

  static std::optional<Found> LastBefore(const Bucket& bucket, Bucket::const_iterator end,
                                         uint64_t commit) {
    while (end != bucket.begin()) {
      --end;
      if (auto value = ValueAt(end->second, commit)) return Found{end->first, value};
    }
    return std::nullopt;
  }

  void Set(BucketId id, base::ByteView key, std::shared_ptr<const base::Bytes> value,
           uint64_t oldest) {
    Bucket& bucket = buckets_.at(id);
    auto entry = bucket.find(key);
    if (entry == bucket.end()) {
      if (value == nullptr) return;
      entry = bucket.emplace(key, Versions()).first;
    }
    Versions& versions = entry->second;
    if (!versions.empty() && versions.back().value != nullptr) {
      bytes_ -= entry->first.size() + versions.back().value->size();
    }
    if (value != nullptr) bytes_ += entry->first.size() + value->size();
    if (!versions.empty() && versions.back().commit == commit_) versions.pop_back();
    versions.push_back({commit_, std::move(value)});
    // Nobody asks for what a later version had replaced by the oldest reader's commit.
    size_t needless = 0;
    while (needless + 1 < versions.size() && versions[needless + 1].commit <= oldest) ++needless;
    versions.erase(versions.begin(), versions.begin() + static_cast<ptrdiff_t>(needless));
    if (versions.size() == 1 && versions.front().value == nullptr) bucket.erase(entry);
  }

  mutable std::mutex mutex_;
  std::vector<Bucket> buckets_;
  uint64_t commit_ = 0;
  std::multiset<uint64_t> pins_;
  uint64_t bytes_ = 0;  // of the newest versions
};

namespace {

base::Status Damaged() {
  return base::Status(base::Code::kDataLoss, "memory database: a record's checksum is wrong");
}

// What a backend and its readers share.
struct Shared {
  base::Status Ask(const std::function<base::Status()>& fault) const {
    return fault ? fault() : base::Status();
  }

  const std::shared_ptr<MemoryDatabase> database;
  const MemoryOptions options;
  std::atomic<size_t> readers = 0;
  std::atomic<size_t> ordinary_readers = 0;  // of these
};

class MemoryCursor final : public Cursor {
 public:
  MemoryCursor(const Shared* shared, BucketId bucket, uint64_t commit,
               std::vector<std::shared_ptr<const base::Bytes>>* kept)
      : shared_(*shared),
        database_(shared->database.get()),
        bucket_(bucket),
        commit_(commit),
        kept_(kept) {}

  base::Status Seek(base::ByteView key) override {
    base::Bytes scratch;
    return Take(database_->Seek(bucket_, StoredKey(key, &scratch), false, commit_));
  }
  base::Status SeekToLast() override { return Take(database_->SeekToLast(bucket_, commit_)); }
  base::Status Next() override {
    return Take(database_->Seek(bucket_, stored_key_, true, commit_));
  }
  base::Status Previous() override {
    return Take(database_->SeekBefore(bucket_, stored_key_, commit_));
  }
  bool valid() const override { return valid_; }
  base::ByteView key() const override { return record_.key; }
  base::ByteView value() const override { return record_.value; }
  void DropPassed() override {}

 private:
  base::Status Take(std::optional<MemoryDatabase::Found> found) {
    valid_ = false;
    RETURN_IF_ERROR(shared_.Ask(shared_.options.faults.on_read));
    if (!found) return {};
    stored_key_ = std::move(found->key);
    kept_->push_back(std::move(found->value));
    const auto record = ParseStoredRecord(stored_key_, *kept_->back());
    if (!record) return Damaged();
    record_ = *record;
    valid_ = true;
    return {};
  }

  const Shared& shared_;
  MemoryDatabase* const database_;
  const BucketId bucket_;
  const uint64_t commit_;
  std::vector<std::shared_ptr<const base::Bytes>>* const kept_;
  bool valid_ = false;
  base::Bytes stored_key_;
  StoredRecord record_;
};

class MemoryReader final : public Reader {
 public:
  MemoryReader(std::shared_ptr<Shared> shared, bool is_ordinary)
      : shared_(std::move(shared)),
        is_ordinary_(is_ordinary),
        database_(shared_->database.get()),
        commit_(database_->Pin()) {}
  ~MemoryReader() override {
    database_->Unpin(commit_);
    if (is_ordinary_) --shared_->ordinary_readers;
    --shared_->readers;
  }

  base::Result<std::optional<base::ByteView>> Get(BucketId bucket, base::ByteView key) override {
    base::Bytes scratch;
    const base::ByteView stored_key = StoredKey(key, &scratch);
    RETURN_IF_ERROR(shared_->Ask(shared_->options.faults.on_read));
    auto value = database_->Get(bucket, stored_key, commit_);
    if (value == nullptr) return std::optional<base::ByteView>();
    kept_.push_back(std::move(value));
    const auto record = ParseStoredRecord(stored_key, *kept_.back());
    if (!record) return Damaged();
    return std::optional<base::ByteView>(record->value);
  }
  std::unique_ptr<Cursor> NewCursor(BucketId bucket) override {
    return std::make_unique<MemoryCursor>(shared_.get(), bucket, commit_, &kept_);
  }

 private:
  const std::shared_ptr<Shared> shared_;
  const bool is_ordinary_;
  MemoryDatabase* const database_;
  const uint64_t commit_;
  std::vector<std::shared_ptr<const base::Bytes>> kept_;  // what was lent out
};

class MemoryBackend final : public Backend {
 public:
  MemoryBackend(std::shared_ptr<MemoryDatabase> database, MemoryOptions options)
      : shared_(new Shared{std::move(database), std::move(options)}) {
    CHECK(shared_->options.readers_max > kReservedReaders);
  }

  base::Result<std::unique_ptr<Reader>> NewReader() override {
    if (shared_->ordinary_readers++ >= shared_->options.readers_max - kReservedReaders) {
      --shared_->ordinary_readers;
      return TooManyReaders();
    }
    base::Result<std::unique_ptr<Reader>> reader = Open(true);
    if (!reader.ok()) --shared_->ordinary_readers;
    return reader;
  }
  base::Result<std::unique_ptr<Reader>> NewReservedReader() override { return Open(false); }
  base::Status Commit(const Batch& batch) override {
    RETURN_IF_ERROR(shared_->Ask(shared_->options.faults.on_commit));
    shared_->database->Commit(batch);
    return {};
  }
  // There are no pages, so there is nothing to do.
  base::Status Defragment(DefragmentProgress progress) override {
    RETURN_IF_ERROR(shared_->Ask(shared_->options.faults.on_defragment));
    if (nameless_) {
      return base::Status(base::Code::kCanceled, "the database was replaced meanwhile");
    }
    if (progress(0)) return {};
    return base::Status(base::Code::kCanceled, "the defragmentation was canceled");
  }
  void GiveUpName() override { nameless_ = true; }
  Sizes sizes() const override {
    if (const auto& sizes = shared_->options.faults.sizes) return sizes();
    const uint64_t bytes = shared_->database->bytes();
    return {.allocated = bytes, .in_use = bytes};
  }
  size_t open_readers() const override { return shared_->readers; }
  base::Result<std::unique_ptr<StructureCheck>> NewStructureCheck() override {
    return std::unique_ptr<StructureCheck>();
  }
  bool ReportDamage(const base::Status& damage) override {
    return shared_->options.on_damage(damage);
  }

 private:
  base::Result<std::unique_ptr<Reader>> Open(bool is_ordinary) {
    RETURN_IF_ERROR(shared_->Ask(shared_->options.faults.on_new_reader));
    if (shared_->readers++ >= shared_->options.readers_max) {
      --shared_->readers;
      return TooManyReaders();
    }
    return std::unique_ptr<Reader>(std::make_unique<MemoryReader>(shared_, is_ordinary));
  }

  const std::shared_ptr<Shared> shared_;
  std::atomic<bool> nameless_ = false;
};

}  // namespace

std::shared_ptr<MemoryDatabase> NewMemoryDatabase(size_t bucket_count) {
  return std::make_shared<MemoryDatabase>(bucket_count);
}

std::unique_ptr<Backend> OpenMemoryBackend(std::shared_ptr<MemoryDatabase> database,
                                           MemoryOptions options) {
  return std::make_unique<MemoryBackend>(std::move(database), std::move(options));
}

}  // namespace backend
