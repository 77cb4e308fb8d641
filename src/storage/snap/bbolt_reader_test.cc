#include "storage/snap/bbolt_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "runtime/simulated/disk.h"
#include "storage/snap/bbolt_node.h"
#include "storage/snap/bbolt_writer.h"
#include "storage/snap/testing/model_source.h"

namespace snap {
namespace {

using testing::Contents;
using testing::Model;

constexpr uint32_t kPageBytes = 1024;

// Two trees of two levels and two inline buckets.
Model Example() {
  Model model;
  for (int i = 100; i < 160; ++i) model["key"]["key" + std::to_string(i)] = std::string(i, 'v');
  for (int i = 100; i < 120; ++i) model["lease"][std::to_string(i)] = std::string(i, 'l');
  model["meta"]["consistent_index"] = std::string(8, '\1');
  model["alarm"];
  return model;
}

base::Bytes Written(const Model& model) {
  testing::ModelSource source(&model);
  const auto layout = LayOutBbolt(source, kPageBytes);
  base::Bytes file;
  EXPECT_TRUE(WriteBbolt(source, *layout, [&file](base::ByteView bytes) {
                file.append(bytes);
                return base::Status();
              }).ok());
  return file;
}

class BboltReaderTest : public ::testing::Test {
 protected:
  BboltReaderTest() {
    auto created = disk_.Open("/db", runtime::OpenMode::kCreate);
    file_ = std::move(created).value();
  }

  // Everything that is read of a file with these bytes, or the first error.
  base::Result<Model> Read(base::ByteView bytes) {
    RETURN_IF_ERROR(file_->Truncate(0));
    RETURN_IF_ERROR(file_->WriteAt(0, bytes));
    ASSIGN_OR_RETURN(const auto reader, BboltReader::Open(file_.get(), "/db", bytes.size()));
    RETURN_IF_ERROR(reader->Check());
    return Contents(*reader);
  }

  std::string ErrorOf(base::ByteView bytes) {
    const auto contents = Read(bytes);
    if (contents.ok()) return "none";
    EXPECT_EQ(contents.status().code(), base::Code::kDataLoss);
    return std::string(contents.status().message());
  }

  // The page of the bucket's root, which the leaf of the tree of buckets names.
  static uint64_t RootOf(const base::Bytes& file, std::string_view bucket) {
    const uint64_t buckets = ParseMetaPage(file, 0)->buckets.root;
    const BboltTreePage page(file.substr(buckets * kPageBytes, kPageBytes));
    for (size_t i = 0; i < page.count(); ++i) {
      if (page.key(i) == bucket) return LoadBucket(page.value(i)).root;
    }
    ADD_FAILURE() << "no bucket " << bucket;
    return 0;
  }

  runtime::simulated::Disk disk_{1};
  std::unique_ptr<runtime::File> file_;
};

size_t RecordCount(const Model& model) {
  size_t count = 0;
  for (const auto& [name, records] : model) count += records.size();
  return count;
}

// Keys and values have no checksum in this format (the snapshot's digest covers them): what is not
// noticed may change a record, but nothing is lost, made up or misplaced. Except by the numbers of
// the buckets' roots: that of a part of a tree is a tree too, and what is out of reach may be free.
TEST_F(BboltReaderTest, ABucketIsReadBackward) {
  const Model model = Example();
  const base::Bytes bytes = Written(model);
  ASSERT_TRUE(file_->WriteAt(0, bytes).ok());
  const auto reader = BboltReader::Open(file_.get(), "/db", bytes.size()).value();
  for (const auto& [name, records] : model) {
    ASSERT_TRUE(reader->StartBackward(name).value()) << name;
    for (auto expected = records.rbegin(); expected != records.rend(); ++expected) {
      const auto record = reader->NextRecord();
      ASSERT_TRUE(record.ok()) << record.status().ToString();
      ASSERT_TRUE(record->has_value());
      EXPECT_EQ((*record)->key, expected->first);
      EXPECT_EQ((*record)->value, expected->second);
    }
    EXPECT_FALSE(reader->NextRecord().value().has_value());
  }
  EXPECT_FALSE(reader->StartBackward("none").value());
  EXPECT_EQ(Contents(*reader).value(), model);  // forward again
}

TEST_F(BboltReaderTest, AFlippedByteIsNoticedUnlessItIsARecordsOwn) {
  const Model model = Example();
  const base::Bytes good = Written(model);
  const uint64_t buckets = ParseMetaPage(good, 0)->buckets.root;
  size_t unchanged = 0;
  size_t changed = 0;
  for (size_t offset = 0; offset < good.size(); ++offset) {
    for (const int bits : {0x01, 0x80, 0xFF}) {
      base::Bytes bytes = good;
      bytes[offset] = static_cast<char>(bytes[offset] ^ bits);
      const auto contents = Read(bytes);
      if (!contents.ok()) {
        ASSERT_EQ(contents.status().code(), base::Code::kDataLoss) << offset;
        ASSERT_EQ(contents.status().message().substr(0, 5), "/db: ") << offset;
        continue;
      }
      ++(*contents == model ? unchanged : changed);
      ASSERT_EQ(contents->size(), model.size()) << offset;
      if (offset / kPageBytes == buckets) continue;
      ASSERT_EQ(RecordCount(*contents), RecordCount(model)) << offset;
    }
  }
  size_t record_bytes = 0;
  for (const auto& [name, records] : model) {
    record_bytes += name.size();
    for (const auto& [key, value] : records) record_bytes += key.size() + value.size();
  }
  // The size of the last value of each page is the one number that nothing contradicts.
  EXPECT_LE(changed, 3 * (record_bytes + good.size() / kPageBytes * sizeof(uint32_t)));
  EXPECT_GT(unchanged, 0u);  // padding, and either meta
}

TEST_F(BboltReaderTest, WhatIsReadIsReportedAndAllPagesAreThere) {
  const base::Bytes bytes = Written(Example());
  ASSERT_TRUE(file_->WriteAt(0, bytes).ok());
  const auto reader = BboltReader::Open(file_.get(), "/db", bytes.size()).value();
  std::vector<uint64_t> done;
  reader->ReportTo([&](uint64_t read, uint64_t total) {
    EXPECT_EQ(total, bytes.size());
    done.push_back(read);
  });
  for (int i = 0; i < 2; ++i) {
    done.clear();
    ASSERT_TRUE(Contents(*reader).ok());  // from the beginning
    EXPECT_TRUE(std::is_sorted(done.begin(), done.end()));
    ASSERT_FALSE(done.empty());
    EXPECT_EQ(done.back(), bytes.size() - 2 * kPageBytes);  // but for the metas; nothing is free
  }
}
TEST_F(BboltReaderTest, AFileCutOffAnywhereIsNoticed) {
  const base::Bytes good = Written(Example());
  for (size_t size = 0; size < good.size(); size += 64) {
    EXPECT_FALSE(Read(base::ByteView(good).substr(0, size)).ok()) << size;
  }
}

TEST_F(BboltReaderTest, EitherMetaPageIsEnough) {
  const Model model = Example();
  const base::Bytes good = Written(model);
  for (const size_t page : {0, 1}) {
    base::Bytes bytes = good;
    bytes.replace(page * kPageBytes, kPageBytes, kPageBytes, '\xFF');
    const auto contents = Read(bytes);
    ASSERT_TRUE(contents.ok()) << contents.status().ToString();
    EXPECT_TRUE(*contents == model);
  }
  base::Bytes bytes = good;
  bytes.replace(0, 2 * kPageBytes, 2 * kPageBytes, '\xFF');
  EXPECT_EQ(ErrorOf(bytes), "/db: no valid bbolt meta page");
}

TEST_F(BboltReaderTest, ADatabaseOfAMemberIsCalledWhatItIs) {
  base::Bytes lmdb(8192, '\0');
  lmdb.replace(16, 4, "\xde\xc0\xef\xbe");
  EXPECT_THAT(ErrorOf(lmdb), ::testing::StartsWith("/db: is the database of a member"));
  EXPECT_EQ(ErrorOf(lmdb.substr(0, 19)), "/db: no valid bbolt meta page");
}

TEST_F(BboltReaderTest, TheMetaOfTheHigherTransactionHolds) {
  base::Bytes file = Written(Example());
  Meta newer = *ParseMetaPage(file, 0);
  newer.txid = 3;
  newer.buckets.root = 999'999;
  base::Bytes page;
  AppendMetaPage(newer, 1, &page);
  file.replace(kPageBytes, kPageBytes, page);
  EXPECT_EQ(ErrorOf(file), "/db: page 999999: there is no such page");
}

TEST_F(BboltReaderTest, APageThatIsReachedTwiceIsDamage) {
  base::Bytes file = Written(Example());
  const uint64_t root = RootOf(file, "key");
  const size_t second_child = root * kPageBytes + kPageHeaderBytes + kElementBytes + 8;
  const size_t first_child = second_child - kElementBytes;
  file.replace(second_child, 8, file.substr(first_child, 8));
  EXPECT_NE(ErrorOf(file).find("reached a second time"), std::string::npos);
  base::Store64Le(file.data() + second_child, root);  // a cycle
  EXPECT_EQ(ErrorOf(file), "/db: page " + std::to_string(root) + " at offset " +
                               std::to_string(root * kPageBytes) + ": reached a second time");
}

TEST_F(BboltReaderTest, APageOfMorePagesThanItFillsIsDamage) {
  Model model;
  model["key"]["a"] = std::string(6000, 'v');
  const base::Bytes good = Written(model);
  const uint64_t root = RootOf(good, "key");
  const size_t overflow_at = root * kPageBytes + 12;
  EXPECT_EQ(base::Load32Le(good.data() + overflow_at), 5u);
  for (const uint32_t overflow : {4, 8, 1'000'000}) {
    base::Bytes file = good;
    file.resize(file.size() + 100 * kPageBytes);
    Meta meta = *ParseMetaPage(file, 0);
    meta.high_water += 100;
    base::Bytes metas;
    AppendMetaPage(meta, 0, &metas);
    AppendMetaPage(meta, 1, &metas);
    file.replace(0, metas.size(), metas);
    EXPECT_EQ(ErrorOf(file), "none");
    base::Store32Le(file.data() + overflow_at, overflow);
    const std::string_view expected = overflow == 4   ? "reaches outside the page"
                                      : overflow == 8 ? "longer than what it holds"
                                                      : "reaches past the last page";
    EXPECT_NE(ErrorOf(file).find(expected), std::string::npos) << ErrorOf(file);
  }
}

// A file whose pages are these, the first of them the root of the buckets.
base::Bytes FileOf(const std::vector<BboltNode>& pages) {
  base::Bytes file;
  const Meta meta{.page_size = kPageBytes,
                  .buckets = {.root = kFirstPage},
                  .high_water = kFirstPage + pages.size()};
  AppendMetaPage(meta, 0, &file);
  AppendMetaPage(meta, 1, &file);
  for (const BboltNode& page : pages) {
    page.AppendTo(file.size() / kPageBytes, 0, &file);
    file.resize((file.size() + kPageBytes - 1) / kPageBytes * kPageBytes);
  }
  return file;
}

BboltNode BranchTo(uint64_t child) {
  BboltNode branch(kBranchPage);
  branch.Append({.key = "k", .child = child});
  return branch;
}

TEST_F(BboltReaderTest, ATreeHigherThanAnyIsDamage) {
  std::vector<BboltNode> pages;
  for (uint64_t id = kFirstPage; id < 50; ++id) pages.push_back(BranchTo(id + 1));
  EXPECT_EQ(ErrorOf(FileOf(pages)), "/db: page 42 at offset 43008: too far from the root");
}

TEST_F(BboltReaderTest, APageWithoutElementsIsDamageUnlessItIsALeafAlone) {
  EXPECT_EQ(ErrorOf(FileOf({BboltNode(kLeafPage)})), "none");
  EXPECT_EQ(ErrorOf(FileOf({BboltNode(kBranchPage)})), "/db: page 2 at offset 2048: empty");
  EXPECT_EQ(ErrorOf(FileOf({BranchTo(3), BboltNode(kLeafPage)})),
            "/db: page 3 at offset 3072: empty");
}

TEST_F(BboltReaderTest, APageInThePlaceOfAnotherIsDamage) {
  base::Bytes file = FileOf({BboltNode(kLeafPage)});
  file[kFirstPage * kPageBytes] = 7;
  EXPECT_EQ(ErrorOf(file), "/db: page 2 at offset 2048: names itself 7");
}

TEST_F(BboltReaderTest, TwoBucketsWithOneTreeAreDamage) {
  base::Bytes file = Written(Example());
  char root[8];
  base::Store64Le(root, RootOf(file, "lease"));
  const size_t at = file.rfind(std::string(root, 8));
  base::Store64Le(file.data() + at, RootOf(file, "key"));
  EXPECT_NE(ErrorOf(file).find("reached a second time"), std::string::npos);
}

TEST_F(BboltReaderTest, KeysOutsideTheirBranchAreDamage) {
  base::Bytes file = Written(Example());
  // In the leaf of the first half, behind the keys of the second.
  file.replace(file.find("key103"), 6, "key99z");
  const std::string error = ErrorOf(file);
  EXPECT_TRUE(error.find("out of order") != std::string::npos ||
              error.find("outside of the range") != std::string::npos)
      << error;
}

TEST_F(BboltReaderTest, ABucketInsideABucketIsRefused) {
  base::Bytes file = Written(Example());
  const BboltTreePage branch(file.substr(RootOf(file, "key") * kPageBytes, kPageBytes));
  const uint64_t leaf = branch.child(0);
  file[leaf * kPageBytes + kPageHeaderBytes] = 1;
  EXPECT_NE(ErrorOf(file).find("a bucket inside a bucket"), std::string::npos);
}

TEST_F(BboltReaderTest, ARecordOutsideAllBucketsIsRefused) {
  base::Bytes file = Written(Example());
  file[ParseMetaPage(file, 0)->buckets.root * kPageBytes + kPageHeaderBytes] = 0;
  EXPECT_NE(ErrorOf(file).find("a record outside of all buckets"), std::string::npos);
}

// A file of two free pages, which `numbers` as its freelist name.
base::Bytes WithFreelist(const std::vector<uint64_t>& numbers, bool count_follows) {
  base::Bytes file = Written(Example());
  Meta meta = *ParseMetaPage(file, 0);
  meta.freelist = meta.high_water;
  meta.high_water += 3;
  base::Bytes metas;
  AppendMetaPage(meta, 0, &metas);
  AppendMetaPage(meta, 1, &metas);
  file.replace(0, metas.size(), metas);
  const size_t end = file.size() + 3 * kPageBytes;
  const uint16_t count = count_follows ? 0xFFFF : static_cast<uint16_t>(numbers.size());
  AppendPageHeader({.id = meta.freelist, .flags = kFreelistPage, .count = count}, &file);
  char number[8];
  if (count_follows) {
    base::Store64Le(number, numbers.size());
    file.append(number, sizeof number);
  }
  for (const uint64_t free : numbers) {
    base::Store64Le(number, meta.freelist + free);
    file.append(number, sizeof number);
  }
  file.resize(end);
  return file;
}

TEST_F(BboltReaderTest, TheFreelistMustNameExactlyWhatIsNotInUse) {
  for (const bool count_follows : {false, true}) {
    EXPECT_EQ(ErrorOf(WithFreelist({1, 2}, count_follows)), "none");
    EXPECT_NE(ErrorOf(WithFreelist({1}, count_follows)).find("neither in use nor free"),
              std::string::npos);
    for (const auto& wrong : {std::vector<uint64_t>{1, 1}, {0, 1}, {1, 3}, {1, 2, uint64_t(-1)}}) {
      EXPECT_NE(ErrorOf(WithFreelist(wrong, count_follows)).find("cannot be free"),
                std::string::npos);
    }
  }
}

TEST_F(BboltReaderTest, BucketsMayBePassedOver) {
  ASSERT_TRUE(file_->WriteAt(0, Written(Example())).ok());
  const auto reader = BboltReader::Open(file_.get(), "/db", *file_->Size());
  ASSERT_TRUE(reader.ok());
  std::vector<std::string> names;
  while (true) {
    const auto name = (*reader)->NextBucket();
    ASSERT_TRUE(name.ok());
    if (!*name) break;
    names.emplace_back(**name);
    if (names.back() == "lease") {
      EXPECT_EQ((*reader)->NextRecord().value()->key, "100");
    }
  }
  EXPECT_EQ(names, (std::vector<std::string>{"alarm", "key", "lease", "meta"}));
  EXPECT_FALSE((*reader)->NextRecord().value().has_value());
}

}  // namespace
}  // namespace snap
