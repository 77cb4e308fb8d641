#include "dump/database.h"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "base/go_text.h"
#include "dump/lmdb_leaves.h"
#include "offline/image.h"
#include "storage/backend/lmdb_backend.h"
#include "storage/backend/lmdb_file.h"
#include "storage/image/reader_source.h"
#include "storage/schema/schema.h"

namespace dump {
namespace {

using runtime::JoinPath;

// The buckets that a database has had from the first version on: all but the last.
constexpr size_t kFirst = schema::Id(schema::Bucket::kV2);
static_assert(kFirst + 1 == schema::kBucketNames.size());

class OurDatabase final : public Database {
 public:
  static base::Result<std::unique_ptr<Database>> Open(offline::Files& files,
                                                      const std::string& path,
                                                      const cli::Flags& flags) {
    std::unique_ptr<OurDatabase> opened(new OurDatabase());
    ASSIGN_OR_RETURN(opened->lock_, offline::LockMemberOf(files, path, flags));
    ASSIGN_OR_RETURN(opened->file_,
                     backend::LmdbFile::Open(files.disk(), path, schema::kBucketNames, kFirst,
                                             backend::LmdbOptions().map_bytes));
    ASSIGN_OR_RETURN(opened->reader_, opened->file_->NewReader());
    const std::vector<std::string>& names = opened->file_->buckets();
    const bool has_v2 =
        std::find(names.begin(), names.end(), schema::kBucketNames[kFirst]) != names.end();
    opened->source_.emplace(opened->reader_.get(), image::ReaderSource::kSortedKeyBytesMax,
                            has_v2 ? kFirst + 1 : kFirst);
    return std::unique_ptr<Database>(std::move(opened));
  }

  base::Result<std::vector<std::string>> Buckets() override {
    std::vector<std::string> names = file_->buckets();
    std::sort(names.begin(), names.end());
    return names;
  }

  base::Result<bool> StartBackward(const std::string& bucket) override {
    const std::vector<std::string>& names = file_->buckets();
    const auto found = std::find(names.begin(), names.end(), bucket);
    if (found == names.end()) return false;
    cursor_ = reader_->NewCursor(static_cast<backend::BucketId>(found - names.begin()));
    RETURN_IF_ERROR(cursor_->SeekToLast());
    is_at_last_ = true;
    return true;
  }

  base::Result<std::optional<snap::Record>> Previous() override {
    constexpr size_t kDropBytes = 16 << 20;
    if (passed_bytes_ >= kDropBytes) {
      cursor_->DropPassed();
      passed_bytes_ = 0;
    }
    if (!std::exchange(is_at_last_, false)) RETURN_IF_ERROR(cursor_->Previous());
    if (!cursor_->valid()) return std::optional<snap::Record>();
    passed_bytes_ += cursor_->value().size();
    return std::optional(snap::Record{cursor_->key(), cursor_->value()});
  }

  snap::Source& source() override { return *source_; }

 private:
  OurDatabase() = default;

  std::unique_ptr<runtime::File> lock_;  // null: there is no member to be kept away
  std::unique_ptr<backend::LmdbFile> file_;
  std::unique_ptr<backend::Reader> reader_;
  std::unique_ptr<backend::Cursor> cursor_;
  std::optional<image::ReaderSource> source_;
  bool is_at_last_ = false;
  size_t passed_bytes_ = 0;
};

class EtcdsDatabase final : public Database {
 public:
  explicit EtcdsDatabase(std::unique_ptr<offline::Image> image) : image_(std::move(image)) {}

  base::Result<std::vector<std::string>> Buckets() override {
    std::vector<std::string> names;
    RETURN_IF_ERROR(image_->reader().Rewind());
    while (true) {
      ASSIGN_OR_RETURN(const auto name, image_->reader().NextBucket());
      if (!name.has_value()) return names;
      names.emplace_back(*name);
    }
  }
  base::Result<bool> StartBackward(const std::string& bucket) override {
    return image_->reader().StartBackward(bucket);
  }
  base::Result<std::optional<snap::Record>> Previous() override {
    return image_->reader().NextRecord();
  }
  snap::Source& source() override { return image_->reader(); }

 private:
  const std::unique_ptr<offline::Image> image_;
};

}  // namespace

base::Result<std::string> FindDatabase(offline::Files& files, const std::string& argument) {
  constexpr std::string_view kSuffix = "db";
  std::error_code error;
  const bool is_directory = std::filesystem::is_directory(argument, error);
  std::string path = argument;
  if (is_directory || !argument.ends_with(kSuffix)) {
    const std::string snap = JoinPath(JoinPath(argument, "member"), "snap");
    path = JoinPath(snap, "db.mdb");
    ASSIGN_OR_RETURN(const bool is_ours, files.disk().Exists(path));
    if (!is_ours) path = JoinPath(snap, "db");
  }
  ASSIGN_OR_RETURN(const bool exists, files.disk().Exists(path));
  if (exists) return path;
  return base::Status(base::Code::kNotFound, base::Quote(path) + " does not exist");
}

base::Result<std::unique_ptr<Database>> OpenDatabase(offline::Files& files, const std::string& path,
                                                     const cli::Flags& flags) {
  bool is_ours = false;
  {
    ASSIGN_OR_RETURN(const auto file, files.disk().Open(path, runtime::OpenMode::kRead));
    is_ours = IsLmdb(*file);
  }
  if (is_ours) return OurDatabase::Open(files, path, flags);
  ASSIGN_OR_RETURN(auto image, offline::Image::Open(files, path, flags));
  return std::unique_ptr<Database>(std::make_unique<EtcdsDatabase>(std::move(image)));
}

}  // namespace dump
