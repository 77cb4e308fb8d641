#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runtime/posix/disk.h"
#include "runtime/random.h"
#include "storage/backend/lmdb_backend.h"
#include "storage/backend/lmdb_page.h"
#include "storage/mvcc/testing/store_harness.h"

// A database file with a flipped bit, in pages of each kind, or cut short: it is refused by name,
// or the bit was in bytes that nothing reads and all answers are as before.

namespace mvcc {
namespace {

using backend::lmdb::PageHead;

constexpr uint64_t kPageBytes = 4096;

struct Answers {
  int64_t revision;
  KeyValueHash hash;
  std::vector<std::string> key_values;

  friend bool operator==(const Answers&, const Answers&) = default;
};

class DatabaseDamageTest : public ::testing::Test {
 protected:
  DatabaseDamageTest() : directory_(::testing::TempDir() + "damage-XXXXXX") {
    EXPECT_NE(::mkdtemp(directory_.data()), nullptr);
    Fill();
    original_ = *runtime::ReadFile(disk_, path());
    for (uint64_t page = 0; page < original_.size() / kPageBytes; ++page) {
      const PageHead head(base::ByteView(original_).substr(page * kPageBytes));
      if (head.number == page) pages_.at(head.flags & 15).push_back(page);
    }
    answers_ = Read().value();
  }
  ~DatabaseDamageTest() override { disk_.RemoveAll(directory_).IgnoreError(); }

  std::string path() const { return directory_ + "/db.mdb"; }

  // Some thousand revisions in many commits, with deletions, large values and a compaction.
  void Fill() {
    StoreHarness harness(path());
    for (int i = 0; i < 4000; ++i) {
      const bool is_large = i % 200 == 7;
      harness.Put("key" + std::to_string(i % 1500),
                  std::string(is_large ? 9000 : 80 + static_cast<size_t>(i) % 50, 'v'));
      if (i % 10 == 3) harness.Delete(KeyRange::One("key" + std::to_string(i / 2)));
      if (i % 100 == 0) harness.Commit();
    }
    ASSERT_TRUE(harness.Compact(1500).ok());
    harness.FinishCompaction();
    for (int i = 0; i < 100; ++i) harness.Put("last" + std::to_string(i), "value");
    harness.Commit();
  }

  void Write(base::ByteView bytes) {
    ASSERT_TRUE(disk_.RemoveAll(directory_).ok());
    ASSERT_TRUE(disk_.CreateDirectories(directory_).ok());
    ASSERT_TRUE(disk_.Open(path(), runtime::OpenMode::kCreate).value()->WriteAt(0, bytes).ok());
  }
  // Opens the database and reads all.
  base::Result<Answers> Read() {
    ASSIGN_OR_RETURN(
        const auto database,
        backend::OpenLmdbBackend(&disk_, path(), schema::kBucketNames, {.map_bytes = 1 << 28}));
    backend::WriteBuffer buffer({}, [](auto, auto, auto) {});
    StillClock clock;
    ASSIGN_OR_RETURN(const auto store,
                     Store::Open(database.get(), &buffer, &clock, {}, [](auto, auto) {}));
    Reads reads(store.get());
    ASSIGN_OR_RETURN(const auto pin, reads.Pin({}));
    ASSIGN_OR_RETURN(const KeyValueHash hash, pin->Hash());
    ASSIGN_OR_RETURN(const RangeResult range, pin->Range(KeyRange::All(), 0));
    Answers answers{store->revision().value(), hash, {}};
    for (const base::ByteView key_value : range.key_values) {
      answers.key_values.emplace_back(key_value);
    }
    return answers;
  }
  // Whether it was refused.
  bool RefusedOrEqual() {
    const base::Result<Answers> answers = Read();
    if (answers.ok()) {
      EXPECT_EQ(answers->revision, answers_->revision);
      EXPECT_TRUE(*answers == *answers_);
      return false;
    }
    EXPECT_EQ(answers.status().code(), base::Code::kDataLoss) << answers.status().ToString();
    EXPECT_EQ(answers.status().message().find(path() + ": damaged page "), 0u)
        << answers.status().message();
    return true;
  }

  // A random byte of a random page, of any kind or of one; mostly in its head.
  uint64_t DrawByte(runtime::Random& random) const {
    std::vector<uint64_t> any(original_.size() / kPageBytes);
    for (uint64_t page = 0; page < any.size(); ++page) any[page] = page;
    const std::vector<uint64_t>* const kinds[] = {
        &pages_[backend::lmdb::kMeta], &pages_[backend::lmdb::kBranch],
        &pages_[backend::lmdb::kLeaf], &pages_[backend::lmdb::kOverflow], &any};
    const std::vector<uint64_t>& pages = *kinds[random.Below(std::size(kinds))];
    const uint64_t page = pages[random.Below(pages.size())];
    constexpr uint64_t kEnds[] = {backend::lmdb::kPageHeaderBytes, 160, kPageBytes};
    return page * kPageBytes + random.Below(kEnds[random.Below(std::size(kEnds))]);
  }

  runtime::posix::Disk disk_;
  std::string directory_;
  base::Bytes original_;
  std::array<std::vector<uint64_t>, 16> pages_;  // by kind
  std::optional<Answers> answers_;
};

TEST_F(DatabaseDamageTest, AFlippedBitIsRefusedOrWithoutEffect) {
  for (const auto kind : {backend::lmdb::kMeta, backend::lmdb::kBranch, backend::lmdb::kLeaf,
                          backend::lmdb::kOverflow}) {
    ASSERT_GT(pages_[kind].size(), 1u) << kind;
  }
  const char* configured = std::getenv("CORNERSTORE_DATABASE_FLIPS");
  const int flips = configured == nullptr ? 150 : std::atoi(configured);
  constexpr uint64_t kSeed = 7;
  runtime::Random random(kSeed);
  int refused = 0;
  for (int flip = 0; flip < flips; ++flip) {
    const uint64_t offset = DrawByte(random);
    const auto bit = static_cast<unsigned>(random.Below(8));
    SCOPED_TRACE("seed " + std::to_string(kSeed) + ", page " + std::to_string(offset / kPageBytes) +
                 ", offset " + std::to_string(offset % kPageBytes) + ", bit " +
                 std::to_string(bit));
    base::Bytes bytes = original_;
    bytes[offset] = static_cast<char>(bytes[offset] ^ (1 << bit));
    Write(bytes);
    refused += RefusedOrEqual() ? 1 : 0;
    if (HasFailure()) return;
  }
  EXPECT_GT(refused, flips / 4);
}

TEST_F(DatabaseDamageTest, AFileThatWasCutShortIsRefused) {
  for (const uint64_t size : {original_.size() / 2, original_.size() / 2 / kPageBytes * kPageBytes,
                              3 * kPageBytes, kPageBytes, uint64_t{100}, uint64_t{1}}) {
    SCOPED_TRACE("size " + std::to_string(size));
    Write(base::ByteView(original_).substr(0, size));
    EXPECT_TRUE(RefusedOrEqual());
  }
}

TEST_F(DatabaseDamageTest, ItStartsAsItWas) {
  Write(original_);
  EXPECT_FALSE(RefusedOrEqual());
}

}  // namespace
}  // namespace mvcc
