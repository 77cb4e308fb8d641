#include "storage/backend/lmdb_file.h"

#include <utility>

#include "storage/backend/lmdb_check.h"
#include "storage/backend/lmdb_environment.h"
#include "storage/backend/lmdb_page.h"
#include "storage/backend/lmdb_reader.h"
#include "storage/backend/lmdb_structure.h"

namespace backend {
namespace {

class EmptyCursor final : public Cursor {
 public:
  base::Status Seek(base::ByteView) override { return {}; }
  base::Status SeekToLast() override { return {}; }
  base::Status Next() override { return {}; }
  base::Status Previous() override { return {}; }
  bool valid() const override { return false; }
  base::ByteView key() const override { return {}; }
  base::ByteView value() const override { return {}; }
  void DropPassed() override {}
};

// Of a file that has only the first `present` of the buckets that may be asked for.
class ReaderOfSome final : public Reader {
 public:
  ReaderOfSome(std::unique_ptr<Reader> reader, size_t present)
      : reader_(std::move(reader)), present_(present) {}

  base::Result<std::optional<base::ByteView>> Get(BucketId bucket, base::ByteView key) override {
    if (bucket >= present_) return std::optional<base::ByteView>();
    return reader_->Get(bucket, key);
  }
  std::unique_ptr<Cursor> NewCursor(BucketId bucket) override {
    if (bucket >= present_) return std::make_unique<EmptyCursor>();
    return reader_->NewCursor(bucket);
  }

 private:
  const std::unique_ptr<Reader> reader_;
  const size_t present_;
};

class ReadOnlyBackend final : public Backend {
 public:
  ReadOnlyBackend(std::string path, std::unique_ptr<LmdbFile> file, size_t present, Sizes sizes)
      : path_(std::move(path)), file_(std::move(file)), present_(present), sizes_(sizes) {}

  base::Result<std::unique_ptr<Reader>> NewReader() override {
    ASSIGN_OR_RETURN(auto reader, file_->NewReader());
    return std::unique_ptr<Reader>(std::make_unique<ReaderOfSome>(std::move(reader), present_));
  }
  base::Result<std::unique_ptr<Reader>> NewReservedReader() override { return NewReader(); }
  base::Result<std::unique_ptr<StructureCheck>> NewStructureCheck() override {
    return file_->NewStructureCheck();
  }
  base::Status Commit(const Batch&) override { return ReadOnly(); }
  base::Status Defragment(DefragmentProgress) override { return ReadOnly(); }
  void GiveUpName() override {}
  Sizes sizes() const override { return sizes_; }
  size_t open_readers() const override { return file_->open_readers(); }
  bool ReportDamage(const base::Status&) override { return false; }

 private:
  base::Status ReadOnly() const {
    return {base::Code::kFailedPrecondition, path_ + ": was opened to be read"};
  }

  const std::string path_;
  const std::unique_ptr<LmdbFile> file_;
  const size_t present_;
  const Sizes sizes_;
};

}  // namespace

base::Result<std::unique_ptr<LmdbFile>> LmdbFile::Open(runtime::Disk& disk, const std::string& path,
                                                       std::span<const std::string_view> buckets,
                                                       size_t required, uint64_t map_bytes) {
  RETURN_IF_ERROR(CheckLmdbFile(disk, path, map_bytes));
  std::vector<std::string_view> names(buckets.begin(), buckets.end());
  names.push_back(lmdb::kOwnBucket);
  std::unique_ptr<LmdbFile> opened(new LmdbFile());
  ASSIGN_OR_RETURN(opened->environment_, LmdbEnvironment::OpenToRead(path, names, map_bytes));
  for (size_t id = 0; id < opened->environment_->bucket_count(); ++id) {
    opened->buckets_.push_back(opened->environment_->bucket_name(static_cast<BucketId>(id)));
  }
  for (size_t id = 0; id < required; ++id) {
    if (id < opened->buckets_.size() && opened->buckets_[id] == buckets[id]) continue;
    return base::Status(base::Code::kNotFound,
                        path + ": there is no bucket " + std::string(buckets[id]));
  }
  return opened;
}

base::Result<std::unique_ptr<Reader>> LmdbFile::NewReader() {
  return NewLmdbReader(environment_, LmdbEnvironment::Place::kOrdinary);
}

base::Result<std::unique_ptr<StructureCheck>> LmdbFile::NewStructureCheck() {
  return NewLmdbStructureCheck(environment_);
}

base::Result<Sizes> LmdbFile::MeasureSizes() {
  return environment_->MeasureSizes();
}

size_t LmdbFile::open_readers() const {
  return environment_->open_readers();
}

base::Result<std::unique_ptr<Backend>> OpenLmdbToRead(runtime::Disk& disk, const std::string& path,
                                                      std::span<const std::string_view> buckets,
                                                      size_t required, uint64_t map_bytes) {
  ASSIGN_OR_RETURN(auto file, LmdbFile::Open(disk, path, buckets, required, map_bytes));
  const std::vector<std::string>& found = file->buckets();
  size_t present = required;
  while (present < buckets.size() && found[present] == buckets[present]) ++present;
  ASSIGN_OR_RETURN(const Sizes sizes, file->MeasureSizes());
  return std::unique_ptr<Backend>(
      std::make_unique<ReadOnlyBackend>(path, std::move(file), present, sizes));
}

}  // namespace backend
