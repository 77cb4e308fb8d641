#include "storage/snap/bbolt_writer.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "runtime/simulated/disk.h"
#include "storage/snap/bbolt_reader.h"
#include "storage/snap/bbolt_tree_page.h"
#include "storage/snap/testing/model_source.h"

namespace snap {
namespace {

using testing::Contents;
using testing::Model;
using testing::ModelSource;

base::Bytes Written(const Model& model, uint32_t page_size = kDefaultPageBytes) {
  ModelSource source(&model);
  const auto layout = LayOutBbolt(source, page_size);
  EXPECT_TRUE(layout.ok()) << layout.status().ToString();
  base::Bytes file;
  const auto status = WriteBbolt(source, *layout, [&file](base::ByteView bytes) {
    file.append(bytes);
    return base::Status();
  });
  EXPECT_TRUE(status.ok()) << status.ToString();
  EXPECT_EQ(file.size(), layout->file_bytes());
  return file;
}

class BboltWriterTest : public ::testing::Test {
 protected:
  std::unique_ptr<BboltReader> Open(const base::Bytes& bytes) {
    auto created = disk_.Open("/db", runtime::OpenMode::kCreateOrTruncate);
    file_ = std::move(created).value();
    EXPECT_TRUE(file_->WriteAt(0, bytes).ok());
    auto reader = BboltReader::Open(file_.get(), "/db", bytes.size());
    EXPECT_TRUE(reader.ok()) << reader.status().ToString();
    return std::move(reader).value();
  }

  void ExpectRoundTrip(const Model& model, uint32_t page_size) {
    const auto reader = Open(Written(model, page_size));
    const auto status = reader->Check();
    EXPECT_TRUE(status.ok()) << status.ToString();
    const auto contents = Contents(*reader);
    ASSERT_TRUE(contents.ok()) << contents.status().ToString();
    EXPECT_TRUE(*contents == model);
  }

  runtime::simulated::Disk disk_{1};
  std::unique_ptr<runtime::File> file_;
};

std::string Numbered(uint64_t number) {
  char key[8];
  base::Store64Be(key, number);
  return std::string(key, sizeof key);
}

TEST_F(BboltWriterTest, WhatIsWrittenIsReadBack) {
  const char* asked = std::getenv("SNAP_MODEL_SEEDS");
  const uint64_t seeds = asked == nullptr ? 40 : std::strtoull(asked, nullptr, 10);
  for (uint64_t seed = 1; seed <= seeds && !HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    runtime::Random random(seed);
    const Model model = testing::RandomModel(random);
    ExpectRoundTrip(model, uint32_t{1024} << random.Below(7));
  }
}

// Every count around the places where pages and levels begin.
TEST_F(BboltWriterTest, EveryCountOfRecordsIsReadBack) {
  for (const size_t value_bytes : {0, 100, 700, 1500}) {
    Model model;
    auto& records = model["bucket"];
    for (uint64_t count = 0; count < 100 && !HasFailure(); ++count) {
      SCOPED_TRACE(std::to_string(count) + " values of " + std::to_string(value_bytes));
      ExpectRoundTrip(model, 1024);
      records[Numbered(count) + std::string(value_bytes / 2, 'k')] = std::string(value_bytes, 'v');
    }
  }
}

// Keys so long that a branch page overflows with two of them.
TEST_F(BboltWriterTest, LevelsOfTheLongestKeysAreReadBack) {
  Model model;
  for (uint64_t i = 0; i < 40; ++i) {
    model["bucket"][Numbered(i) + std::string(kKeyBytesMax - 8, 'k')] = "v";
    ExpectRoundTrip(model, 1024);
  }
}

TEST_F(BboltWriterTest, AFileWithoutBucketsIsThreePages) {
  const base::Bytes file = Written({});
  EXPECT_EQ(file.size(), 3 * kDefaultPageBytes);
  EXPECT_TRUE(Open(file)->Check().ok());
}

TEST_F(BboltWriterTest, SmallBucketsTakeNoPageOfTheirOwn) {
  Model model;
  model["empty"];
  model["small"]["key"] = std::string(900, 'v');
  EXPECT_EQ(Written(model).size(), 3 * kDefaultPageBytes);
  model["small"]["key"] = std::string(1024, 'v');
  EXPECT_EQ(Written(model).size(), 4 * kDefaultPageBytes);
}

TEST_F(BboltWriterTest, EveryPageOfATreeHasTwoElements) {
  for (uint64_t count = 2; count < 300; ++count) {
    Model model;
    for (uint64_t i = 0; i < count; ++i) model["b"][Numbered(i)] = std::string(i % 7 * 200, 'v');
    const base::Bytes file = Written(model, 1024);
    const auto root = ParseMetaPage(file, 0)->buckets.root;
    for (uint64_t id = kFirstPage; id * 1024 < file.size();) {
      const BboltTreePage page(file.substr(id * 1024));
      ASSERT_EQ(page.header().id, id);
      if (id != root) {
        EXPECT_GE(page.count(), 2u) << count << " records, page " << id;
      }
      id += page.header().overflow + 1;
    }
  }
}

TEST_F(BboltWriterTest, PagesAreFilledToNineTenths) {
  Model model;
  size_t bytes = 0;
  for (uint64_t i = 0; i < 5000; ++i) {
    model["key"][Numbered(i)] = std::string(256, 'v');
    bytes += kElementBytes + 8 + 256;
  }
  const double fill = static_cast<double>(bytes) / static_cast<double>(Written(model).size());
  EXPECT_GT(fill, 0.83);
  EXPECT_LT(fill, 0.90);
}

TEST_F(BboltWriterTest, TheSinksErrorEndsTheWriting) {
  Model model;
  model["key"]["a"] = std::string(200'000, 'v');
  ModelSource source(&model);
  const auto layout = LayOutBbolt(source);
  int calls = 0;
  const auto status = WriteBbolt(source, *layout, [&calls](base::ByteView) {
    ++calls;
    return base::Status(base::Code::kCanceled, "the receiver has gone");
  });
  EXPECT_EQ(status, base::Status(base::Code::kCanceled, "the receiver has gone"));
  EXPECT_EQ(calls, 1);
}

TEST_F(BboltWriterTest, ASourceThatChangesBetweenThePassesIsAnError) {
  Model model;
  for (uint64_t i = 0; i < 1000; ++i) model["key"][Numbered(i)] = "value";
  ModelSource source(&model);
  const auto layout = LayOutBbolt(source);
  for (uint64_t i = 1000; i < 2000; ++i) model["key"][Numbered(i)] = "value";
  const auto status = WriteBbolt(source, *layout, [](base::ByteView) { return base::Status(); });
  EXPECT_EQ(status.code(), base::Code::kInternal);
}

TEST_F(BboltWriterTest, RecordsThatBboltRefusesAreRefused) {
  for (const std::string& key : {std::string(), std::string(kKeyBytesMax + 1, 'k')}) {
    Model model;
    model["auth"][key] = "v";
    ModelSource source(&model);
    const auto layout = LayOutBbolt(source);
    EXPECT_EQ(layout.status().code(), base::Code::kInvalidArgument);
    EXPECT_EQ(layout.status().message().substr(0, 13), "bucket auth: ");
  }
}

// A source whose one bucket gives these keys in this order.
class UnorderedSource final : public Source {
 public:
  explicit UnorderedSource(std::vector<std::string> keys) : keys_(std::move(keys)) {}
  base::Status Rewind() override {
    next_ = 0;
    given_ = false;
    return {};
  }
  base::Result<std::optional<base::ByteView>> NextBucket() override {
    if (std::exchange(given_, true)) return std::optional<base::ByteView>();
    return std::optional<base::ByteView>("lease");
  }
  base::Result<std::optional<Record>> NextRecord() override {
    if (next_ == keys_.size()) return std::optional<Record>();
    return std::optional(Record{keys_[next_++], "v"});
  }

 private:
  const std::vector<std::string> keys_;
  size_t next_ = 0;
  bool given_ = false;
};

TEST_F(BboltWriterTest, KeysOutOfOrderAreNotWritten) {
  for (const auto& keys : {std::vector<std::string>{"b", "a"}, {"a", "a"}}) {
    UnorderedSource source(keys);
    const auto layout = LayOutBbolt(source);
    EXPECT_EQ(layout.status().code(), base::Code::kDataLoss);
  }
}

}  // namespace
}  // namespace snap
