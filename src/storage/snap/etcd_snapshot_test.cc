#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <map>
#include <memory>
#include <sstream>
#include <string>

#include "base/testing/source_path.h"
#include "base/wire.h"
#include "runtime/posix/disk.h"
#include "storage/snap/bbolt_reader.h"
#include "storage/snap/bbolt_writer.h"
#include "storage/snap/snapshot_digest.h"
#include "storage/snap/testing/model_source.h"

// A snapshot that etcdctl 3.4.23 saved (test/fixtures/make_etcd_3_4.py).

namespace snap {
namespace {

using testing::Model;

const std::string kFixture = base::testing::SourcePath("test/fixtures/etcd-3.4.23-snapshot");

class EtcdSnapshotTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const std::string path = kFixture + "/snapshot.db";
    auto opened = disk_.Open(path, runtime::OpenMode::kRead);
    ASSERT_TRUE(opened.ok()) << opened.status().ToString();
    file_ = std::move(opened).value();
    parts_ = FindParts(*file_).value();
    auto reader = BboltReader::Open(file_.get(), path, parts_.image_bytes);
    ASSERT_TRUE(reader.ok()) << reader.status().ToString();
    reader_ = std::move(reader).value();
  }

  runtime::posix::Disk disk_;
  std::unique_ptr<runtime::File> file_;
  SnapshotParts parts_;
  std::unique_ptr<BboltReader> reader_;
};

std::string EncodedRevision(uint64_t main) {
  char bytes[17] = {};
  base::Store64Be(bytes, main);
  bytes[8] = '_';
  return std::string(bytes, sizeof bytes);
}

// What the history says the bucket `key` must hold.
std::map<std::string, std::string> ExpectedKeys() {
  std::ifstream history(kFixture + "/history.txt");
  std::map<std::string, std::string> records;
  struct Living {
    uint64_t created = 0;
    uint64_t version = 0;
  };
  std::map<std::string, Living> living;
  uint64_t revision = 1;
  for (std::string line; std::getline(history, line);) {
    std::istringstream words(line);
    std::string command, key, word;
    uint64_t count = 0, lease = 0;
    words >> command >> key >> word >> count >> lease;
    ++revision;
    base::Bytes encoded;
    base::WireWriter writer(&encoded);
    writer.Bytes(1, key);
    if (command == "delete") {
      living.erase(key);
      records[EncodedRevision(revision) + "t"] = encoded;
      continue;
    }
    auto& [created, version] = living[key];
    if (version++ == 0) created = revision;
    std::string value;
    for (; count > 0; --count) value += word;
    writer.Varint(2, created);
    writer.Varint(3, revision);
    writer.Varint(4, version);
    writer.Bytes(5, value);
    writer.VarintIfSet(6, lease);
    records[EncodedRevision(revision)] = encoded;
  }
  return records;
}

TEST_F(EtcdSnapshotTest, ItsDigestAndPagesAreSound) {
  ASSERT_TRUE(parts_.has_digest);
  auto status = VerifyDigest(*file_, "snapshot.db", parts_);
  EXPECT_TRUE(status.ok()) << status.ToString();
  status = reader_->Check();
  EXPECT_TRUE(status.ok()) << status.ToString();
  EXPECT_EQ(reader_->meta().freelist, kNoFreelist);
}

TEST_F(EtcdSnapshotTest, EveryRevisionOfItsHistoryIsRead) {
  const auto contents = testing::Contents(*reader_);
  ASSERT_TRUE(contents.ok()) << contents.status().ToString();
  const auto expected = ExpectedKeys();
  EXPECT_GT(expected.size(), 100u);
  EXPECT_TRUE(contents->at("key") == expected);
}

TEST_F(EtcdSnapshotTest, EveryBucketOfTheSchemaIsRead) {
  const auto contents = testing::Contents(*reader_);
  ASSERT_TRUE(contents.ok());
  std::string names;
  for (const auto& [name, records] : *contents) names += name + " ";
  EXPECT_EQ(names,
            "alarm auth authRoles authUsers cluster key lease members members_removed meta ");
  EXPECT_EQ(contents->at("alarm").size(), 0u);
  EXPECT_EQ(contents->at("authRoles").begin()->first, "reader");
  EXPECT_EQ(contents->at("authUsers").begin()->first, "nobody");
  EXPECT_EQ(contents->at("cluster").at("clusterVersion"), "3.4.0");
  EXPECT_EQ(contents->at("lease").size(), 1u);
  EXPECT_EQ(contents->at("members").size(), 1u);
  EXPECT_EQ(contents->at("meta").at("consistent_index").size(), 8u);
}

// A reader is a source: a database goes from one file to another without being in memory.
TEST_F(EtcdSnapshotTest, ItIsWrittenAnewWithoutItsFreePages) {
  const auto layout = LayOutBbolt(*reader_);
  ASSERT_TRUE(layout.ok()) << layout.status().ToString();
  EXPECT_LE(layout->file_bytes(), parts_.image_bytes);
  std::string directory = ::testing::TempDir() + "etcd-snapshot-XXXXXX";
  ASSERT_NE(::mkdtemp(directory.data()), nullptr);
  auto copy = disk_.Open(directory + "/db", runtime::OpenMode::kCreate);
  ASSERT_TRUE(copy.ok());
  uint64_t offset = 0;
  const auto status = WriteBbolt(*reader_, *layout, [&](base::ByteView bytes) {
    offset += bytes.size();
    return (*copy)->WriteAt(offset - bytes.size(), bytes);
  });
  ASSERT_TRUE(status.ok()) << status.ToString();
  EXPECT_EQ(offset, layout->file_bytes());
  const auto again = BboltReader::Open(copy->get(), directory + "/db", offset);
  ASSERT_TRUE(again.ok()) << again.status().ToString();
  EXPECT_TRUE((*again)->Check().ok());
  EXPECT_TRUE(*testing::Contents(**again) == *testing::Contents(*reader_));
  disk_.RemoveAll(directory).IgnoreError();
}

}  // namespace
}  // namespace snap
