#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "runtime/asio/loop.h"
#include "runtime/posix/workers.h"
#include "runtime/random.h"
#include "storage/mvcc/key_value.h"
#include "storage/mvcc/testing/store_harness.h"

// Threads on one store: a writer with compactions, a committer, one that defragments, and readers
// with pins of all ages. Every write keeps an invariant that every reader checks.

namespace mvcc {
namespace {

constexpr int kKeys = 64;

std::string KeyOf(uint64_t number) {
  return "key/" + std::to_string(100 + number);
}

// Each request writes its revision to two keys, or deletes two; so at every revision an even
// number of keys exists, in pairs of equal values.
class Stress {
 public:
  explicit Stress(StoreHarness* harness) : harness_(*harness) {}

  void Run(int writes) {
    runtime::asio::Loop loop;  // for the workers' answers, which nobody waits for
    {
      runtime::posix::Workers workers("stress", 5, 5);
      ASSERT_TRUE(workers.Run([this] { CommitBatches(); }, &loop, [] {}));
      ASSERT_TRUE(workers.Run([this] { DefragmentUntilDone(); }, &loop, [] {}));
      for (uint64_t seed = 1; seed <= 3; ++seed) {
        ASSERT_TRUE(workers.Run([this, seed] { ReadUntilDone(seed); }, &loop, [] {}));
      }
      Write(writes);
      done_ = true;
    }
  }
  uint64_t reads() const { return reads_; }
  uint64_t defragmentations() const { return defragmentations_; }
  uint64_t compacted_reads() const { return compacted_reads_; }

 private:
  // The apply loop.
  void Write(int writes) {
    runtime::Random random(17);
    for (int i = 0; i < writes; ++i) {
      WritePair(random.Below(kKeys / 2), random.OneIn(5));
      HandOverCommits(random.OneIn(20));
      if (random.OneIn(200)) {
        const int64_t current = harness_.store().revision().value();
        harness_.store().Compact(base::Revision(current - 20)).IgnoreError();
        harness_.EndEntry();
      }
      if (random.OneIn(3)) {
        ASSERT_TRUE(harness_.store().CompactionStep().ok());
      }
    }
    while (in_flight_) HandOverCommits(false);
  }
  void WritePair(uint64_t pair, bool is_delete) {
    {
      WriteTxn txn = harness_.store().Write();
      const std::string value = std::to_string(txn.revision().value()) + std::string(200, 'v');
      for (const uint64_t number : {2 * pair, 2 * pair + 1}) {
        if (is_delete) {
          ASSERT_TRUE(txn.DeleteRange(KeyRange::One(KeyOf(number))).ok());
        } else {
          ASSERT_TRUE(txn.Put(KeyOf(number), value, {}).ok());
        }
      }
    }
    harness_.EndEntry();
  }
  void HandOverCommits(bool force) {
    if (Store::Commit* const returned = returned_.exchange(nullptr)) {
      harness_.store().Committed(std::move(*returned));
      delete returned;
      in_flight_ = false;
    }
    if (in_flight_) return;
    if (auto commit = harness_.store().TakeCommit(force)) {
      in_flight_ = true;
      out_.store(new Store::Commit(std::move(*commit)));
    }
  }

  // The backend thread.
  void CommitBatches() {
    while (!done_) {
      Store::Commit* const commit = out_.load();
      if (commit == nullptr) {
        std::this_thread::yield();
        continue;
      }
      ASSERT_TRUE(harness_.database().Commit(*commit->batch).ok());
      out_.store(nullptr);
      returned_.store(commit);
    }
  }

  void DefragmentUntilDone() {
    const auto go_on = [this](uint64_t) { return !done_; };
    while (!done_) {
      const base::Status status = harness_.database().Defragment(go_on);
      ASSERT_TRUE(status.ok() || done_) << status.ToString();
      ++defragmentations_;
    }
  }

  // Net threads.
  void ReadUntilDone(uint64_t seed) {
    runtime::Random random(seed);
    Reads reads(&harness_.store());
    std::vector<std::pair<std::unique_ptr<ReadPin>, std::vector<std::string>>> held;
    while (!done_ && !::testing::Test::HasFatalFailure()) {
      const int64_t current = harness_.store().revision().value();
      const int64_t back = static_cast<int64_t>(random.Below(40));
      auto pin = reads.Pin(base::Revision(std::max<int64_t>(current - back, 1)));
      if (!pin.ok()) {
        ++compacted_reads_;
        continue;
      }
      auto contents = ReadAndCheck(**pin);
      ++reads_;
      if (random.OneIn(50)) held.emplace_back(std::move(*pin), std::move(contents));
      if (held.size() > 3) held.erase(held.begin());
      if (random.OneIn(10) && !held.empty()) {
        ASSERT_EQ(ReadAndCheck(*held.front().first), held.front().second);
      }
      if (random.OneIn(100)) ExpectEqualHashes(reads);
    }
  }
  static std::vector<std::string> ReadAndCheck(const ReadPin& pin) {
    const auto result = pin.Range(KeyRange::All(), 0);
    EXPECT_TRUE(result.ok()) << result.status().ToString();
    std::vector<std::string> contents;
    if (!result.ok()) return contents;
    for (const base::ByteView encoded : result->key_values) contents.emplace_back(encoded);
    EXPECT_EQ(contents.size() % 2, 0u);
    for (size_t i = 0; i + 1 < contents.size(); i += 2) {
      const auto first = ParseKeyValue(contents[i]);
      const auto second = ParseKeyValue(contents[i + 1]);
      EXPECT_EQ(first->value, second->value);
      EXPECT_EQ(first->mod_revision, second->mod_revision);
      EXPECT_LE(first->mod_revision, pin.revision().value());
    }
    EXPECT_EQ(pin.Count(KeyRange::All()), contents.size());
    ExpectKeysOf(pin, contents);
    return contents;
  }
  // What the index says of the keys is what their records do.
  static void ExpectKeysOf(const ReadPin& pin, const std::vector<std::string>& contents) {
    std::vector<KeyValue> keys;
    const auto more = pin.SliceKeys(KeyRange::All(), contents.size() + 1, &keys);
    ASSERT_TRUE(more.ok()) << more.status().ToString();
    ASSERT_EQ(keys.size(), contents.size());
    for (size_t i = 0; i < keys.size(); ++i) {
      KeyValue expected = *ParseKeyValue(contents[i]);
      expected.value = {};
      ASSERT_EQ(keys[i], expected);
    }
  }
  static void ExpectEqualHashes(Reads& reads) {
    const auto pin = reads.Pin({});
    ASSERT_TRUE(pin.ok());
    const auto first = (*pin)->Hash();
    const auto second = (*pin)->Hash();
    ASSERT_TRUE(first.ok() && second.ok());
    ASSERT_EQ(*first, *second);
  }

  StoreHarness& harness_;
  std::atomic<bool> done_ = false;
  std::atomic<Store::Commit*> out_ = nullptr;
  std::atomic<Store::Commit*> returned_ = nullptr;
  bool in_flight_ = false;
  std::atomic<uint64_t> reads_ = 0;
  std::atomic<uint64_t> compacted_reads_ = 0;
  std::atomic<uint64_t> defragmentations_ = 0;
};

TEST(StoreStressTest, ReadersOfAllAgesSeeWholeRequestsOnly) {
  const char* configured = std::getenv("CORNERSTORE_STORE_STRESS_WRITES");
  const int writes = configured == nullptr ? 10'000 : std::atoi(configured);
  StoreHarness harness(DatabaseKind::kLmdb,
                       {.history_bytes = 0, .compaction_slice = 50, .lock_slice = 8});
  Stress stress(&harness);
  stress.Run(writes);
  EXPECT_GT(stress.reads(), 100u);
  EXPECT_GT(stress.defragmentations(), 0u);
  harness.FinishCompaction();
  EXPECT_GT(harness.store().finished_compact_revision().value(), 0);
  const int64_t revision = harness.store().revision().value();
  const auto hash = harness.reads().Pin({}).value()->Hash();
  harness.Reopen();
  EXPECT_EQ(harness.store().revision().value(), revision);
  EXPECT_EQ(*harness.reads().Pin({}).value()->Hash(), *hash);
}

}  // namespace
}  // namespace mvcc
