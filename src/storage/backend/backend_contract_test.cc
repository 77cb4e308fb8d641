#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "runtime/posix/disk.h"
#include "runtime/random.h"
#include "storage/backend/backend.h"
#include "storage/backend/lmdb_backend.h"
#include "storage/backend/memory_backend.h"

// What every Backend promises, asked of each implementation.

namespace backend {
namespace {

constexpr std::array<std::string_view, 2> kBuckets = {"first", "second"};

// A database that can be opened again and again.
class Database {
 public:
  virtual ~Database() = default;
  virtual std::unique_ptr<Backend> Open() = 0;
};

class LmdbDatabase final : public Database {
 public:
  LmdbDatabase() : directory_(::testing::TempDir() + "backend-XXXXXX") {
    EXPECT_NE(::mkdtemp(directory_.data()), nullptr);
  }
  ~LmdbDatabase() override { disk_.RemoveAll(directory_).IgnoreError(); }
  std::unique_ptr<Backend> Open() override {
    auto backend =
        OpenLmdbBackend(&disk_, directory_ + "/db.mdb", kBuckets, {.map_bytes = 1 << 30});
    EXPECT_TRUE(backend.ok()) << backend.status().ToString();
    return std::move(backend).value();
  }

 private:
  runtime::posix::Disk disk_;
  std::string directory_;
};

class InMemory final : public Database {
 public:
  std::unique_ptr<Backend> Open() override { return OpenMemoryBackend(database_); }

 private:
  std::shared_ptr<MemoryDatabase> database_ = NewMemoryDatabase(kBuckets.size());
};

struct Kind {
  const char* name;
  std::unique_ptr<Database> (*make)();
};

class BackendContractTest : public ::testing::TestWithParam<Kind> {
 protected:
  BackendContractTest() : database_(GetParam().make()), backend_(database_->Open()) {}

  void Reopen() {
    backend_.reset();
    backend_ = database_->Open();
  }
  void Put(BucketId bucket, base::ByteView key, base::ByteView value) {
    Batch batch;
    batch.Put(bucket, key, value);
    ASSERT_TRUE(backend_->Commit(batch).ok());
  }
  void Delete(BucketId bucket, base::ByteView key) {
    Batch batch;
    batch.Delete(bucket, key);
    ASSERT_TRUE(backend_->Commit(batch).ok());
  }
  std::unique_ptr<Reader> NewReader() { return std::move(backend_->NewReader()).value(); }
  static std::string Get(Reader& reader, BucketId bucket, base::ByteView key) {
    const auto value = reader.Get(bucket, key);
    EXPECT_TRUE(value.ok()) << value.status().ToString();
    return value.ok() && *value ? std::string(**value) : "(none)";
  }
  static std::map<std::string, std::string> All(Reader& reader, BucketId bucket) {
    std::map<std::string, std::string> records;
    const auto cursor = reader.NewCursor(bucket);
    EXPECT_TRUE(cursor->Seek("").ok());
    while (cursor->valid()) {
      records.emplace(cursor->key(), cursor->value());
      EXPECT_TRUE(cursor->Next().ok());
    }
    return records;
  }

  std::unique_ptr<Database> database_;
  std::unique_ptr<Backend> backend_;
};

TEST_P(BackendContractTest, KeepsBucketsApart) {
  Put(0, "key", "one");
  Put(1, "key", "two");
  const auto reader = NewReader();
  EXPECT_EQ(Get(*reader, 0, "key"), "one");
  EXPECT_EQ(Get(*reader, 1, "key"), "two");
  EXPECT_EQ(Get(*reader, 1, "other"), "(none)");
}

TEST_P(BackendContractTest, FindsWhatIsThereInWhateverOrderItIsAsked) {
  constexpr uint64_t kKeys = 4000;  // of many pages
  const auto key = [](uint64_t number) {
    const std::string digits = std::to_string(number);
    return std::string(8 - digits.size(), '0') + digits;
  };
  Batch batch;
  for (uint64_t number = 0; number < kKeys; ++number) {
    // The others are in the other bucket.
    batch.Put(number % 3 == 0 ? 1 : 0, key(number), "value of " + key(number));
  }
  ASSERT_TRUE(backend_->Commit(batch).ok());
  const auto reader = NewReader();
  const auto expect_found = [&](BucketId bucket, uint64_t number) {
    const bool is_there = number < kKeys && bucket == (number % 3 == 0 ? 1 : 0);
    EXPECT_EQ(Get(*reader, bucket, key(number)), is_there ? "value of " + key(number) : "(none)");
  };
  for (uint64_t number = 0; number < kKeys + 10; ++number) expect_found(0, number);
  for (uint64_t number = kKeys + 10; number-- > 0;) expect_found(1, number);
  runtime::Random random(7);
  for (int i = 0; i < 10'000; ++i) {
    expect_found(static_cast<BucketId>(random.Below(2)), random.Below(kKeys + 10));
  }
}

TEST_P(BackendContractTest, MakesTheChangesOfABatchInOrder) {
  Batch batch;
  batch.Put(0, "a", "1");
  batch.Delete(0, "a");
  batch.Put(0, "b", "1");
  batch.Put(0, "b", "2");
  batch.Delete(0, "never there");
  ASSERT_TRUE(backend_->Commit(batch).ok());
  EXPECT_EQ(All(*NewReader(), 0), (std::map<std::string, std::string>{{"b", "2"}}));
}

TEST_P(BackendContractTest, KeepsWhatWasCommittedThroughReopening) {
  Put(0, "key", "value");
  Reopen();
  EXPECT_EQ(Get(*NewReader(), 0, "key"), "value");
}

TEST_P(BackendContractTest, AReaderSeesWhatWasCommittedWhenItBegan) {
  Put(0, "a", "old");
  Put(0, "b", "old");
  const auto reader = NewReader();
  const auto lent = reader->Get(0, "a");
  Put(0, "a", "new");
  Delete(0, "b");
  Put(0, "c", "new");
  EXPECT_EQ(Get(*reader, 0, "a"), "old");
  EXPECT_EQ(All(*reader, 0), (std::map<std::string, std::string>{{"a", "old"}, {"b", "old"}}));
  EXPECT_EQ(**lent, "old");
  EXPECT_EQ(All(*NewReader(), 0), (std::map<std::string, std::string>{{"a", "new"}, {"c", "new"}}));
}

TEST_P(BackendContractTest, SeeksToTheFirstKeyNotLess) {
  for (const char* key : {"b", "d", "f"}) Put(0, key, key);
  const auto reader = NewReader();
  const auto cursor = reader->NewCursor(0);
  ASSERT_TRUE(cursor->Seek("c").ok());
  EXPECT_EQ(cursor->key(), "d");
  ASSERT_TRUE(cursor->Seek("d").ok());
  EXPECT_EQ(cursor->key(), "d");
  ASSERT_TRUE(cursor->Seek("g").ok());
  EXPECT_FALSE(cursor->valid());
  ASSERT_TRUE(cursor->SeekToLast().ok());
  EXPECT_EQ(cursor->value(), "f");
}

TEST_P(BackendContractTest, WalksBackward) {
  for (const char* key : {"b", "d", "f"}) Put(0, key, key);
  const auto reader = NewReader();
  Put(0, "e", "later");
  const auto cursor = reader->NewCursor(0);
  std::string keys;
  ASSERT_TRUE(cursor->SeekToLast().ok());
  while (cursor->valid()) {
    keys += cursor->key();
    ASSERT_TRUE(cursor->Previous().ok());
  }
  EXPECT_EQ(keys, "fdb");
}

TEST_P(BackendContractTest, TakesEmptyAndLargeValues) {
  const std::string large(3 << 20, 'v');
  Put(0, "empty", "");
  Put(0, "large", large);
  const auto reader = NewReader();
  EXPECT_EQ(Get(*reader, 0, "empty"), "");
  EXPECT_EQ(Get(*reader, 0, "large"), large);
}

TEST_P(BackendContractTest, TakesKeysOfAnyLength) {
  std::map<std::string, std::string> expected;
  for (const size_t size : {1, 478, 479, 480, 509, 510, 511, 512, 513, 5000}) {
    expected[std::string(size, 'k')] = std::to_string(size);
  }
  for (const auto& [key, value] : expected) Put(0, key, value);
  EXPECT_EQ(All(*NewReader(), 0), expected);
  for (const auto& [key, value] : expected) EXPECT_EQ(Get(*NewReader(), 0, key), value);
  for (const auto& [key, value] : expected) Delete(0, key);
  EXPECT_TRUE(All(*NewReader(), 0).empty());
}

TEST_P(BackendContractTest, SizesGrowWithWhatIsPutAndUseShrinksWithWhatIsDeleted) {
  const Sizes empty = backend_->sizes();
  Batch batch;
  for (int i = 0; i < 1000; ++i) batch.Put(0, "key" + std::to_string(i), std::string(1000, 'v'));
  ASSERT_TRUE(backend_->Commit(batch).ok());
  const Sizes full = backend_->sizes();
  EXPECT_GT(full.allocated, empty.allocated + 1'000'000);
  EXPECT_GE(full.allocated, full.in_use);
  batch.Clear();
  for (int i = 0; i < 1000; ++i) batch.Delete(0, "key" + std::to_string(i));
  ASSERT_TRUE(backend_->Commit(batch).ok());
  EXPECT_LT(backend_->sizes().in_use, full.in_use - 900'000);
}

TEST_P(BackendContractTest, DefragmentingKeepsEveryRecord) {
  std::map<std::string, std::string> expected;
  Batch batch;
  for (int i = 0; i < 2000; ++i) {
    const std::string key = std::string(i % 600 + 1, 'k') + std::to_string(i);
    batch.Put(1, key, std::string(i, 'v'));
    expected[key] = std::string(i, 'v');
  }
  batch.Put(0, "other bucket", "value");
  ASSERT_TRUE(backend_->Commit(batch).ok());
  ASSERT_TRUE(backend_->Defragment([](uint64_t) { return true; }).ok());
  EXPECT_EQ(All(*NewReader(), 1), expected);
  Reopen();
  EXPECT_EQ(All(*NewReader(), 1), expected);
  EXPECT_EQ(Get(*NewReader(), 0, "other bucket"), "value");
}

TEST_P(BackendContractTest, WhatIsCommittedWhileDefragmentingIsKept) {
  Put(0, "kept", "1");
  Put(0, "replaced", "1");
  Put(0, "deleted", "1");
  const base::Status status = backend_->Defragment([&](uint64_t) {
    Put(0, "replaced", "2");
    Delete(0, "deleted");
    Put(1, "new", std::string(1 << 20, 'n'));
    EXPECT_EQ(Get(*NewReader(), 0, "replaced"), "2");
    return true;
  });
  ASSERT_TRUE(status.ok()) << status.ToString();
  const std::map<std::string, std::string> expected = {{"kept", "1"}, {"replaced", "2"}};
  EXPECT_EQ(All(*NewReader(), 0), expected);
  EXPECT_EQ(Get(*NewReader(), 1, "new").size(), 1u << 20);
  Put(1, "after", "3");
  Reopen();
  EXPECT_EQ(All(*NewReader(), 0), expected);
  EXPECT_EQ(Get(*NewReader(), 1, "after"), "3");
}

TEST_P(BackendContractTest, ReadersLiveThroughDefragmentations) {
  Put(0, "a", "1");
  const auto before = NewReader();
  const auto lent = before->Get(0, "a");
  Put(0, "a", "2");
  std::unique_ptr<Reader> within;
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(backend_
                    ->Defragment([&](uint64_t) {
                      within = NewReader();
                      return true;
                    })
                    .ok());
  }
  Put(0, "a", "3");
  EXPECT_EQ(**lent, "1");
  EXPECT_EQ(Get(*before, 0, "a"), "1");
  EXPECT_EQ(Get(*within, 0, "a"), "2");
  EXPECT_EQ(Get(*NewReader(), 0, "a"), "3");
}

TEST_P(BackendContractTest, OneThatGaveUpItsNameIsNotDefragmentedAndGoesOn) {
  Batch batch;
  batch.Put(0, "key", "value");
  ASSERT_TRUE(backend_->Commit(batch).ok());
  // Under way, and later.
  const base::Status under_way = backend_->Defragment([&](uint64_t) {
    backend_->GiveUpName();
    return true;
  });
  if (std::string_view(GetParam().name) == "Lmdb") {
    EXPECT_EQ(under_way.code(), base::Code::kCanceled);
  }
  EXPECT_EQ(backend_->Defragment([](uint64_t) { return true; }).code(), base::Code::kCanceled);
  batch.Put(0, "key", "later");
  ASSERT_TRUE(backend_->Commit(batch).ok());
  EXPECT_EQ((*backend_->NewReader())->Get(0, "key")->value(), "later");
}

TEST_P(BackendContractTest, ACanceledDefragmentationChangesNothing) {
  Put(0, "a", "1");
  EXPECT_EQ(backend_->Defragment([](uint64_t) { return false; }).code(), base::Code::kCanceled);
  Put(0, "b", "2");
  EXPECT_EQ(All(*NewReader(), 0), (std::map<std::string, std::string>{{"a", "1"}, {"b", "2"}}));
  EXPECT_TRUE(backend_->Defragment([](uint64_t) { return true; }).ok());
}

TEST_P(BackendContractTest, AgreesWithAMapOverRandomBatchesAndReaders) {
  constexpr uint64_t kSeed = 4;
  SCOPED_TRACE("seed " + std::to_string(kSeed));
  runtime::Random random(kSeed);
  std::map<std::string, std::string> model;
  std::vector<std::pair<std::unique_ptr<Reader>, std::map<std::string, std::string>>> readers;
  for (int round = 0; round < 150; ++round) {
    Batch batch;
    for (uint64_t left = random.Below(30); left > 0; --left) {
      const std::string key =
          std::string(random.OneIn(20) ? 600 : 1, 'k') + std::to_string(random.Below(60));
      if (random.OneIn(3)) {
        batch.Delete(1, key);
        model.erase(key);
      } else {
        const std::string value(random.Below(300), static_cast<char>('a' + random.Below(26)));
        batch.Put(1, key, value);
        model[key] = value;
      }
    }
    ASSERT_TRUE(backend_->Commit(batch).ok());
    if (random.OneIn(4)) readers.emplace_back(NewReader(), model);
    if (readers.size() > 5) readers.erase(readers.begin() + static_cast<long>(random.Below(5)));
    for (const auto& [reader, expected] : readers) ASSERT_EQ(All(*reader, 1), expected);
    if (round % 50 == 49) {
      readers.clear();
      Reopen();
    }
    ASSERT_EQ(All(*NewReader(), 1), model);
  }
}

TEST_P(BackendContractTest, ReadersAreBoundedAndSomePlacesReserved) {
  std::vector<std::unique_ptr<Reader>> readers;
  for (size_t i = 0; i < kReadersMax - kReservedReaders; ++i) readers.push_back(NewReader());
  const base::Status refused = backend_->NewReader().status();
  EXPECT_EQ(refused.code(), base::Code::kResourceExhausted);
  EXPECT_EQ(refused.message(), "the database has too many readers");
  for (size_t i = 0; i < kReservedReaders; ++i) {
    auto reserved = backend_->NewReservedReader();
    ASSERT_TRUE(reserved.ok()) << reserved.status().ToString();
    if (i % 2 == 0) readers.push_back(std::move(reserved).value());
  }
  Put(0, "key", "value");
  readers.front().reset();
  EXPECT_EQ(Get(*NewReader(), 0, "key"), "value");
}

INSTANTIATE_TEST_SUITE_P(
    EachBackend, BackendContractTest,
    ::testing::Values(
        Kind{"Lmdb", [] { return std::unique_ptr<Database>(std::make_unique<LmdbDatabase>()); }},
        Kind{"Memory", [] { return std::unique_ptr<Database>(std::make_unique<InMemory>()); }}),
    [](const auto& kind) { return kind.param.name; });

}  // namespace
}  // namespace backend
