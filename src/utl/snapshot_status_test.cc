#include "utl/snapshot_status.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "base/crc32c.h"
#include "base/testing/source_path.h"
#include "runtime/posix/disk.h"
#include "runtime/simulated/disk.h"
#include "storage/mvcc/key_value.h"
#include "storage/mvcc/revision.h"
#include "storage/snap/bbolt_writer.h"
#include "storage/snap/snapshot_digest.h"
#include "storage/snap/testing/model_source.h"

namespace utl {
namespace {

using snap::testing::Model;
using ::testing::HasSubstr;

base::Result<SnapshotStatus> StatusOf(const Model& model) {
  snap::testing::ModelSource source(&model);
  const snap::Layout layout = snap::LayOutBbolt(source).value();
  runtime::simulated::Disk disk(1);
  const auto file = disk.Open("/db", runtime::OpenMode::kCreate).value();
  uint64_t offset = 0;
  const base::Status written = snap::WriteBbolt(source, layout, [&](base::ByteView piece) {
    const base::Status status = file->WriteAt(offset, piece);
    offset += piece.size();
    return status;
  });
  EXPECT_TRUE(written.ok()) << written.ToString();
  // As etcd leaves them, files have more than their database.
  EXPECT_TRUE(file->WriteAt(offset, std::string(4096, '\0')).ok());
  const auto reader = snap::BboltReader::Open(file.get(), "/db", offset + 4096).value();
  auto status = ReadSnapshotStatus(*reader);
  EXPECT_TRUE(!status.ok() || status->total_bytes == offset);
  return status;
}

void Add(Model* model, int64_t main, const std::string& key, bool is_tombstone = false) {
  const mvcc::KeyValue kv{.key = key};
  std::string value(mvcc::KeyValueSize(kv), '\0');
  mvcc::WriteKeyValue(kv, value.data());
  (*model)["key"][std::string(mvcc::RevisionKey({main, 0}, is_tombstone).view())] = value;
}

TEST(SnapshotStatusTest, KeysThatAreThereCount) {
  Model model;
  Add(&model, 2, "a");
  Add(&model, 3, "b");
  Add(&model, 4, "a");
  Add(&model, 5, "c");
  Add(&model, 6, "b", /*is_tombstone=*/true);
  Add(&model, 7, "never", /*is_tombstone=*/true);  // what it ended is compacted
  Add(&model, 8, "c", /*is_tombstone=*/true);
  Add(&model, 9, "c");
  model["meta"]["storageVersion"] = "3.6.0";
  const auto status = StatusOf(model);
  ASSERT_TRUE(status.ok()) << status.status().ToString();
  EXPECT_EQ(status->revision, 9);
  EXPECT_EQ(status->total_keys, 2U);
  EXPECT_EQ(status->version, "3.6.0");
}

TEST(SnapshotStatusTest, TheHashIsThatOfAllBucketsInOrder) {
  const Model model = {{"auth", {{"authEnabled", "1"}}}, {"lease", {}}, {"meta", {{"a", "b"}}}};
  EXPECT_EQ(StatusOf(model)->hash, base::Crc32c("authauthEnabled1leasemetaab"));
  EXPECT_EQ(StatusOf({})->hash, 0U);
  EXPECT_EQ(StatusOf({})->total_keys, 0U);
}

TEST(SnapshotStatusTest, AVersionThatIsNoneIsNotShown) {
  EXPECT_EQ(StatusOf({{"meta", {{"storageVersion", "\033[31m"}}}})->version, "");
  EXPECT_EQ(StatusOf({{"key", {}}, {"cluster", {{"storageVersion", "3.6.0"}}}})->version, "");
}

TEST(SnapshotStatusTest, WhatIsNoChangeIsDamage) {
  EXPECT_THAT(StatusOf({{"key", {{"short", ""}}}}).status().message(),
              HasSubstr("snapshot file integrity check failed. 1 errors found.\n"
                        "a change with a key that is no revision"));
  const std::string revision(mvcc::RevisionKey({2, 0}, false).view());
  EXPECT_THAT(StatusOf({{"key", {{revision, "\xff"}}}}).status().message(),
              HasSubstr("a change that is none of a key"));
}

TEST(SnapshotStatusTest, AFileOfEtcd34IsRead) {
  runtime::posix::Disk disk;
  const std::string path =
      base::testing::SourcePath("test/fixtures/etcd-3.4.23-snapshot/snapshot.db");
  const auto file = disk.Open(path, runtime::OpenMode::kRead).value();
  const auto parts = snap::FindParts(*file).value();
  const auto reader = snap::BboltReader::Open(file.get(), path, parts.image_bytes).value();
  const auto status = ReadSnapshotStatus(*reader);
  ASSERT_TRUE(status.ok()) << status.status().ToString();
  EXPECT_EQ(status->version, "");
  EXPECT_GT(status->total_keys, 0U);
}

}  // namespace
}  // namespace utl
