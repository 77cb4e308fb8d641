#include "storage/mvcc/store.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/errors.h"
#include "storage/mvcc/change_reader.h"
#include "storage/mvcc/key_value.h"
#include "storage/mvcc/testing/store_harness.h"

namespace mvcc {
namespace {

using base::Revision;

class StoreTest : public ::testing::TestWithParam<DatabaseKind> {
 protected:
  StoreTest()
      : harness_(
            GetParam(),
            {.history_bytes = 4096, .compaction_slice = 3, .lock_slice = 2, .history_slice = 5}) {}

  Store& store() { return harness_.store(); }
  std::unique_ptr<ReadPin> Pin(int64_t at = 0) {
    auto pin = harness_.reads().Pin(Revision(at));
    EXPECT_TRUE(pin.ok()) << pin.status().ToString();
    return std::move(pin).value();
  }
  // "key=value key=value" of a range.
  static std::string Read(const ReadPin& pin, const KeyRange& range = KeyRange::All(),
                          size_t limit = 0) {
    const auto result = pin.Range(range, limit);
    EXPECT_TRUE(result.ok()) << result.status().ToString();
    std::string text;
    for (const base::ByteView encoded : result->key_values) {
      const auto kv = ParseKeyValue(encoded);
      text += (text.empty() ? "" : " ") + std::string(kv->key) + "=" + std::string(kv->value);
    }
    return text;
  }
  std::string Read(int64_t at = 0) { return Read(*Pin(at)); }
  KeyValue Get(const ReadPin& pin, base::ByteView key) {
    const auto result = pin.Range(KeyRange::One(key), 0);
    EXPECT_EQ(result->key_values.size(), 1u);
    return *ParseKeyValue(result->key_values.at(0));
  }
  std::vector<std::string> History(ReadPin& pin, int64_t from) {
    std::vector<std::string> lines;
    EXPECT_TRUE(pin.History(Revision(from),
                            [&lines](const StoredChange& change) {
                              lines.push_back(std::to_string(change.revision.main) + "/" +
                                              std::to_string(change.revision.sub) +
                                              (change.is_tombstone ? " delete " : " put ") +
                                              std::string(*ParseKey(change.key_value)));
                              return true;
                            })
                    .ok());
    return lines;
  }

  StoreHarness harness_;
};

TEST_P(StoreTest, AnEmptyStoreIsAtRevisionOne) {
  EXPECT_EQ(store().revision(), Revision(1));
  EXPECT_EQ(store().compact_revision(), Revision(-1));
  EXPECT_EQ(Read(), "");
}

TEST_P(StoreTest, EveryRevisionCanBeRead) {
  harness_.Put("a", "1");
  harness_.Put("b", "2");
  harness_.Put("a", "3");
  harness_.Delete(KeyRange::One("b"));
  EXPECT_EQ(Read(1), "");
  EXPECT_EQ(Read(2), "a=1");
  EXPECT_EQ(Read(3), "a=1 b=2");
  EXPECT_EQ(Read(4), "a=3 b=2");
  EXPECT_EQ(Read(5), "a=3");
  EXPECT_EQ(harness_.reads().Pin(Revision(6)).status(),
            base::Status(base::errors::kFutureRevision));
}

TEST_P(StoreTest, KeyValuesHaveTheirRevisionsVersionAndLease) {
  harness_.Put("a", "1");
  harness_.Put("a", "2", 77);
  const auto pin = Pin();
  EXPECT_EQ(Get(*pin, "a"), (KeyValue{.key = "a",
                                      .create_revision = 2,
                                      .mod_revision = 3,
                                      .version = 2,
                                      .value = "2",
                                      .lease = base::LeaseId(77)}));
}

TEST_P(StoreTest, ATransactionHasOneRevisionAndIsSeenWhenItEnds) {
  {
    WriteTxn txn = store().Write();
    ASSERT_TRUE(txn.Put("a", "1", {}).ok());
    ASSERT_TRUE(txn.Put("b", "1", {}).ok());
    EXPECT_EQ(Read(), "");
    EXPECT_EQ(Read(*txn.Read().value()), "a=1 b=1");
    ASSERT_TRUE(txn.DeleteRange(KeyRange::One("a")).ok());
    EXPECT_EQ(Read(*txn.Read().value()), "b=1");
    EXPECT_EQ(txn.revision(), Revision(2));
  }
  harness_.EndEntry();
  EXPECT_EQ(store().revision(), Revision(2));
  EXPECT_EQ(Read(), "b=1");
  EXPECT_EQ(History(*Pin(), 2),
            (std::vector<std::string>{"2/0 put a", "2/1 put b", "2/2 delete a"}));
}

TEST_P(StoreTest, ATransactionWithoutChangeMakesNoRevision) {
  harness_.Delete(KeyRange::All());
  EXPECT_EQ(store().revision(), Revision(1));
}

TEST_P(StoreTest, WritesReturnTheLeaseThatAKeyHad) {
  harness_.Put("a", "1", 5);
  harness_.Commit();
  EXPECT_EQ(store().Write().Put("a", "2", base::LeaseId(6)).value(), base::LeaseId(5));
  harness_.EndEntry();
  const auto deleted = store().Write().DeleteRange(KeyRange::All());
  harness_.EndEntry();
  ASSERT_EQ(deleted->size(), 1u);
  EXPECT_EQ(deleted->front().lease, base::LeaseId(6));
  EXPECT_EQ(store().Write().Put("a", "3", {}).value(), base::LeaseId(0));
  harness_.EndEntry();
}

TEST_P(StoreTest, ALimitCutsTheKeysAndNotTheCount) {
  for (const char* key : {"a", "b", "c", "d", "e", "f", "g"}) harness_.Put(key, "");
  const auto pin = Pin();
  const auto result = pin->Range(KeyRange::Of("b", "g"), 3);
  EXPECT_EQ(result->key_values.size(), 3u);
  EXPECT_EQ(result->count, 5u);
  EXPECT_EQ(Read(*pin, KeyRange::Of("b", "g"), 5), "b= c= d= e= f=");
  EXPECT_EQ(Read(*pin, KeyRange::Of("f", base::ByteView("\0", 1))), "f= g=");
  EXPECT_EQ(pin->Count(KeyRange::Of("g", "b")), 0u);
}

TEST_P(StoreTest, APinSeesNeitherLaterWritesNorCompactions) {
  harness_.Put("a", "1");
  harness_.Put("b", "1");
  const auto pin = Pin();
  harness_.Put("a", "2");
  harness_.Delete(KeyRange::One("b"));
  ASSERT_TRUE(harness_.Compact(5).ok());
  harness_.Commit();
  for (int step = 0; step < 10; ++step) EXPECT_TRUE(store().CompactionStep().value());
  EXPECT_EQ(Read(*pin), "a=1 b=1");
  EXPECT_EQ(harness_.reads().Pin(Revision(3)).status(), base::Status(base::errors::kCompacted));
}

TEST_P(StoreTest, RemovalWaitsForTheCommitOfWhatItRemoves) {
  harness_.Put("a", "1");
  harness_.Put("a", "2");
  ASSERT_TRUE(harness_.Compact(3).ok());
  for (int step = 0; step < 3; ++step) EXPECT_TRUE(store().CompactionStep().value());
  harness_.FinishCompaction();
  EXPECT_EQ(harness_.RecordCount(), 1u);
}

TEST_P(StoreTest, RemovalWaitsForOlderPins) {
  harness_.Put("a", "1");
  harness_.Put("a", "2");
  auto pin = Pin(2);
  ASSERT_TRUE(harness_.Compact(3).ok());
  harness_.Commit();
  EXPECT_TRUE(store().CompactionStep().value());
  EXPECT_EQ(harness_.RecordCount(), 2u);
  pin.reset();
  const auto newer = Pin();
  harness_.FinishCompaction();
  EXPECT_EQ(harness_.RecordCount(), 1u);
  EXPECT_EQ(store().finished_compact_revision(), Revision(3));
}

TEST_P(StoreTest, AnOldPinIsTakenAnewByItsNextStep) {
  for (const char* key : {"a", "b", "c", "d"}) harness_.Put(key, "1");
  harness_.Commit();
  const auto pin = Pin();
  std::vector<base::ByteView> key_values;
  ASSERT_TRUE(*pin->Slice(KeyRange::All(), 2, &key_values));
  harness_.Put("a", "2");
  ASSERT_TRUE(harness_.Compact(5).ok());
  harness_.Commit();
  harness_.clock.Advance(std::chrono::seconds(11));
  ASSERT_TRUE(*store().CompactionStep());
  EXPECT_EQ(store().finished_compact_revision(), Revision(-1)) << "it waits for the pin";
  ASSERT_FALSE(*pin->Slice(KeyRange::Of("c", base::ByteView("\0", 1)), 2, &key_values));
  harness_.FinishCompaction();
  EXPECT_EQ(store().finished_compact_revision(), Revision(5));
  std::string read;
  for (const base::ByteView encoded : key_values) {
    const auto kv = ParseKeyValue(encoded);
    read += std::string(kv->key) + "=" + std::string(kv->value) + " ";
  }
  EXPECT_EQ(read, "a=1 b=1 c=1 d=1 ");
}

TEST_P(StoreTest, ACountInStepsIsThatOfTheRange) {
  // Of several leaves, since a step ends with one.
  for (int key = 100; key < 400; ++key) harness_.Put(std::to_string(key), "1");
  const auto pin = Pin();
  harness_.Delete(KeyRange::All());
  const KeyRange range = KeyRange::Of("110", "390");
  KeyRange rest = range;
  uint64_t count = 0;
  int steps = 1;
  base::Bytes resume;
  while (auto paused = pin->CountSlice(rest, &count)) {
    resume = *std::move(paused);
    rest.begin = resume;
    ++steps;
  }
  EXPECT_EQ(count, 280u);
  EXPECT_EQ(pin->Count(range), 280u);
  EXPECT_GT(steps, 1);
}

TEST_P(StoreTest, KeysAloneAreThoseOfTheRecordsWithoutValueAndLease) {
  harness_.Put("a", "1", 7);
  harness_.Put("b", "1");
  harness_.Put("b", "2");
  harness_.Put("c", "1");
  const auto pin = Pin();
  harness_.Put("b", "3");
  harness_.Delete(KeyRange::One("a"));
  harness_.Put("d", "1");
  for (const bool committed : {false, true}) {
    if (committed) harness_.Commit();
    std::vector<KeyValue> keys;
    ASSERT_TRUE(*pin->SliceKeys(KeyRange::All(), 2, &keys));
    ASSERT_FALSE(*pin->SliceKeys(KeyRange::Of("c", base::ByteView("\0", 1)), 2, &keys));
    const std::vector<KeyValue> expected = {
        {.key = "a", .create_revision = 2, .mod_revision = 2, .version = 1},
        {.key = "b", .create_revision = 3, .mod_revision = 4, .version = 2},
        {.key = "c", .create_revision = 5, .mod_revision = 5, .version = 1}};
    EXPECT_EQ(keys, expected);
  }
}

TEST_P(StoreTest, AnOldPinFailsOnceItsRevisionWasCompacted) {
  harness_.Put("a", "1");
  harness_.Put("a", "2");
  auto pin = Pin(2);
  ASSERT_TRUE(harness_.Compact(3).ok());
  harness_.clock.Advance(std::chrono::seconds(10));
  EXPECT_EQ(Read(*pin), "a=1");
  harness_.clock.Advance(std::chrono::seconds(1));
  const base::Status compacted = base::errors::kCompacted;
  EXPECT_EQ(pin->Range(KeyRange::All(), 0).status(), compacted);
  EXPECT_EQ(pin->History(Revision(2), [](const StoredChange&) { return true; }), compacted);
  EXPECT_EQ(pin->Hash().status(), compacted);
  pin.reset();
  harness_.FinishCompaction();
}

TEST_P(StoreTest, AHistoryEndsWhenWhatItHasNotVisitedIsCompacted) {
  for (int i = 0; i < 20; ++i) harness_.Put("a", std::to_string(i));
  harness_.Commit();
  harness_.Reopen();
  const auto pin = Pin();
  int visited = 0;
  const auto compact_in_between = [&](const StoredChange& change) {
    if (++visited == 1) {
      EXPECT_TRUE(harness_.Compact(15).ok());
      harness_.clock.Advance(std::chrono::seconds(11));
    }
    EXPECT_LT(change.revision.main, 15);
    return true;
  };
  EXPECT_EQ(pin->History(Revision(2), compact_in_between), base::Status(base::errors::kCompacted));
  EXPECT_EQ(History(*pin, 20), (std::vector<std::string>{"20/0 put a", "21/0 put a"}));
}

TEST_P(StoreTest, TheHashBelowRevisionZeroIsThatOfNoRecords) {
  const base::Result<KeyValueHash> empty = harness_.reads().HashKv(base::Revision(-7));
  harness_.Put("a", "1");
  harness_.Put("b", "2");
  ASSERT_TRUE(harness_.Compact(2).ok());
  const base::Result<KeyValueHash> hash = harness_.reads().HashKv(base::Revision(-7));
  ASSERT_TRUE(empty.ok() && hash.ok());
  EXPECT_EQ(hash->hash, empty->hash);
  EXPECT_EQ(hash->compact_revision, 2);
  EXPECT_EQ(hash->revision, -7);
}

TEST_P(StoreTest, AHashBeginsAgainWhenThereIsACompactionInBetween) {
  for (int i = 0; i < 20; ++i) harness_.Put(i % 3 == 0 ? "a" : "b", std::to_string(i));
  harness_.Commit();
  harness_.Reopen();
  const auto pin = Pin(18);
  harness_.clock.Advance(std::chrono::seconds(11));
  int calls = 0;
  harness_.clock.on_now = [&] {
    constexpr int kThirdStep = 5;  // after two to take the pin anew, and two steps
    if (++calls != kThirdStep) return;
    EXPECT_TRUE(harness_.Compact(10).ok());
    harness_.clock.Advance(std::chrono::seconds(11));
  };
  const auto hash = pin->Hash();
  EXPECT_GT(calls, 5);
  EXPECT_EQ(hash->compact_revision, 10);
  EXPECT_EQ(*hash, *Pin(18)->Hash());
  harness_.FinishCompaction();
  EXPECT_EQ(*hash, *Pin(18)->Hash());
}

TEST_P(StoreTest, TheHistoryHasAllOfARequestThatIsHalfInMemory) {
  constexpr int kChanges = 3000;
  {
    WriteTxn txn = store().Write();
    for (int i = 0; i < kChanges; ++i) ASSERT_TRUE(txn.Put("key", "value", {}).ok());
  }
  harness_.EndEntry();
  harness_.Commit();
  EXPECT_EQ(History(*Pin(), 2).size(), size_t{kChanges});
}

// The changes that one step takes, as "2/0 put a".
std::vector<std::string> TakeStep(ChangeReader& changes, Reads& reads, size_t max, bool* more) {
  std::vector<std::string> lines;
  const auto step = changes.Step(reads, max, [&](const StoredChange& change) {
    lines.push_back(
        std::to_string(change.revision.main) + "/" + std::to_string(change.revision.sub) +
        (change.is_tombstone ? " delete " : " put ") + std::string(*ParseKey(change.key_value)));
    return true;
  });
  EXPECT_TRUE(step.ok()) << step.status().ToString();
  *more = step.ok() && *step;
  return lines;
}

TEST_P(StoreTest, ChangesAreReadInStepsFromDatabaseAndMemoryEachOnce) {
  for (const size_t max : {1, 2, 3, 7, 100}) {
    ChangeReader changes(Revision(2));
    const int64_t before = store().revision().value();
    ChangeReader later(Revision(before + 1));
    for (int i = 0; i < 9; ++i) harness_.Put("a", "1");
    {
      WriteTxn txn = store().Write();
      for (int i = 0; i < 4; ++i) ASSERT_TRUE(txn.Put("b" + std::to_string(i), "1", {}).ok());
    }
    harness_.EndEntry();
    harness_.Delete(KeyRange::One("b0"));
    harness_.Commit();
    for (int i = 0; i < 6; ++i) harness_.Put("c", "1");
    for (auto [reader, from] : {std::pair{&changes, int64_t{2}}, std::pair{&later, before + 1}}) {
      std::vector<std::string> all;
      for (bool more = true; more;) {
        const auto step = TakeStep(*reader, harness_.reads(), max, &more);
        EXPECT_LE(step.size(), max);
        EXPECT_TRUE(!more || !step.empty());
        all.insert(all.end(), step.begin(), step.end());
      }
      EXPECT_EQ(all, History(*Pin(), from)) << max;
      EXPECT_EQ(reader->next().value(), store().revision().value() + 1);
    }
    bool more = true;
    EXPECT_TRUE(TakeStep(changes, harness_.reads(), max, &more).empty());
    EXPECT_FALSE(more);
  }
}

TEST_P(StoreTest, AChangeThatAStepDoesNotTakeComesAgain) {
  harness_.Put("a", "1");
  harness_.Commit();
  harness_.Put("b", "2");
  ChangeReader changes(Revision(0));
  for (const char* const key : {"a", "b"}) {
    EXPECT_TRUE(*changes.Step(harness_.reads(), 10, [](const StoredChange&) { return false; }));
    std::string seen;
    const auto take_one = [&](const StoredChange& change) {
      if (!seen.empty()) return false;
      seen = std::string(*ParseKey(change.key_value));
      return true;
    };
    EXPECT_EQ(*changes.Step(harness_.reads(), 10, take_one), key == std::string("a"));
    EXPECT_EQ(seen, key);
  }
}

TEST_P(StoreTest, WhoWasOvertakenByACompactionGoesOnFromMemoryAndIsToldWithoutIt) {
  ChangeReader behind(Revision(2));
  ChangeReader up_to_date(Revision(2));
  ChangeReader of_the_future(Revision(30));
  for (int i = 0; i < 9; ++i) harness_.Put("a", "1");
  bool more = true;
  while (more) TakeStep(up_to_date, harness_.reads(), 3, &more);
  harness_.Put("a", "2");  // 11
  ASSERT_TRUE(harness_.Compact(11).ok());
  harness_.FinishCompaction();
  const auto none = [](const StoredChange&) { return true; };
  EXPECT_EQ(TakeStep(behind, harness_.reads(), 2, &more),
            (std::vector<std::string>{"2/0 put a", "3/0 put a"}));
  EXPECT_EQ(TakeStep(up_to_date, harness_.reads(), 3, &more),
            std::vector<std::string>{"11/0 put a"});
  EXPECT_TRUE(TakeStep(of_the_future, harness_.reads(), 3, &more).empty());
  EXPECT_EQ(of_the_future.next(), Revision(30));
  harness_.Reopen();
  EXPECT_EQ(behind.Step(harness_.reads(), 3, none).status(),
            base::Status(base::errors::kCompacted));
}

TEST_P(StoreTest, CompactionKeepsTheNewestOfEachKeyAndTheDeletionsAtItsRevision) {
  harness_.Put("a", "1");               // 2
  harness_.Put("a", "2");               // 3
  harness_.Put("b", "1");               // 4
  harness_.Delete(KeyRange::One("b"));  // 5
  harness_.Put("c", "1");               // 6
  harness_.Delete(KeyRange::One("c"));  // 7
  harness_.Put("a", "3");               // 8
  ASSERT_TRUE(harness_.Compact(7).ok());
  harness_.FinishCompaction();
  EXPECT_EQ(Read(7), "a=2");
  EXPECT_EQ(Read(8), "a=3");
  EXPECT_EQ(harness_.RecordCount(), 3u);  // a at 3 and 8, the deletion at 7
  EXPECT_EQ(History(*Pin(), 7), (std::vector<std::string>{"7/0 delete c", "8/0 put a"}));
  EXPECT_EQ(Pin()->History(Revision(6), nullptr), base::Status(base::errors::kCompacted));
}

TEST_P(StoreTest, CompactionIsRefusedTwiceAndInTheFuture) {
  harness_.Put("a", "1");
  EXPECT_TRUE(harness_.Compact(0).ok());
  EXPECT_TRUE(harness_.Compact(2).ok());
  EXPECT_EQ(harness_.Compact(2), base::Status(base::errors::kCompacted));
  EXPECT_EQ(harness_.Compact(3), base::Status(base::errors::kFutureRevision));
  harness_.FinishCompaction();
}

TEST_P(StoreTest, ReopeningFindsWhatWasCommitted) {
  harness_.Put("a", "1", 9);
  harness_.Put("b", "1");
  harness_.Delete(KeyRange::One("b"));
  harness_.Put("a", "2", 10);
  harness_.Put("c", "1", 10);
  harness_.Commit();
  const base::Index index = harness_.index();
  harness_.Put("lost", "1");
  harness_.Reopen();
  EXPECT_EQ(harness_.index(), index);
  EXPECT_EQ(store().revision(), Revision(6));
  EXPECT_EQ(Read(), "a=2 c=1");
  EXPECT_EQ(Read(3), "a=1 b=1");
  EXPECT_EQ(harness_.leases, (std::map<std::string, base::LeaseId>{{"a", base::LeaseId(10)},
                                                                   {"c", base::LeaseId(10)}}));
  harness_.Put("a", "3");
  const auto pin = Pin();
  EXPECT_EQ(Get(*pin, "a").version, 3);
  EXPECT_EQ(Get(*pin, "a").create_revision, 2);
}

TEST_P(StoreTest, AnInterruptedCompactionIsFinishedAfterReopening) {
  for (int i = 0; i < 20; ++i) harness_.Put("key" + std::to_string(i % 4), std::to_string(i));
  ASSERT_TRUE(harness_.Compact(21).ok());
  harness_.Commit();
  ASSERT_TRUE(store().CompactionStep().value());
  ASSERT_TRUE(store().CompactionStep().value());
  harness_.Commit();
  harness_.Reopen();
  EXPECT_EQ(store().compact_revision(), Revision(21));
  EXPECT_EQ(Read(), "key0=16 key1=17 key2=18 key3=19");
  harness_.FinishCompaction();
  EXPECT_EQ(harness_.RecordCount(), 4u);
  EXPECT_TRUE(store().compaction_hashes().empty());
  harness_.Reopen();
  EXPECT_EQ(store().finished_compact_revision(), Revision(21));
}

TEST_P(StoreTest, TheRevisionDoesNotGoBackWhenItsOnlyChangesWereRemoved) {
  harness_.Put("a", "1");
  harness_.Delete(KeyRange::One("a"));
  harness_.Put("b", "1");
  harness_.Delete(KeyRange::One("b"));
  ASSERT_TRUE(harness_.Compact(5).ok());
  harness_.FinishCompaction();
  EXPECT_EQ(harness_.RecordCount(), 1u);
  // etcd before 3.4.34 removed the deletion at the compact revision too.
  backend::Batch batch;
  batch.Delete(schema::Id(schema::Bucket::kKey), RevisionKey({5, 0}, true).view());
  ASSERT_TRUE(harness_.database().Commit(batch).ok());
  harness_.Reopen();
  EXPECT_EQ(harness_.RecordCount(), 0u);
  EXPECT_EQ(store().revision(), Revision(5));
}

// The numbers are those that etcd 3.7.1 answers.
TEST_P(StoreTest, ACompactionThatLeavesNoKeyLeavesItsHashAllTheSame) {
  const auto compact = [this](int64_t revision) {
    ASSERT_TRUE(harness_.Compact(revision).ok());
    harness_.FinishCompaction();
  };
  for (int i = 0; i < 10; ++i) harness_.Put("k", std::to_string(i));
  harness_.Delete(KeyRange::One("k"));
  compact(12);
  const auto hash_at = [this](int64_t revision) {
    return harness_.reads().HashKv(Revision(revision)).value();
  };
  EXPECT_EQ(hash_at(12), (KeyValueHash{2337100033, -1, 12}));
  EXPECT_EQ(*Pin(12)->Hash(), (KeyValueHash{1084519789, 12, 12}));
  harness_.Put("z", "1");
  compact(13);
  harness_.Delete(KeyRange::One("z"));
  compact(14);
  EXPECT_EQ(hash_at(13), (KeyValueHash{765405192, 12, 13}));
  EXPECT_EQ(hash_at(14), (KeyValueHash{4172278918, 13, 14}));
}

TEST_P(StoreTest, ACompactionLeavesTheHashThatWasBeforeIt) {
  for (int i = 0; i < 20; ++i) harness_.Put("key" + std::to_string(i % 4), std::to_string(i));
  ASSERT_TRUE(harness_.Compact(8).ok());
  harness_.FinishCompaction();
  const auto before = Pin(15)->Hash();
  ASSERT_TRUE(harness_.Compact(15).ok());
  harness_.FinishCompaction();
  EXPECT_EQ(harness_.reads().HashKv(Revision(15)).value(), *before);
  EXPECT_EQ(store().compaction_hashes().back(), *before);
  EXPECT_EQ(before->compact_revision, 8);
  EXPECT_EQ(Pin(15)->Hash()->compact_revision, 15);
}

// Compat: etcd does so.
TEST_P(StoreTest, ACompactionAtRevision0LeavesAHashThatIsAnsweredForTheCurrentOne) {
  harness_.Put("a", "1");
  ASSERT_TRUE(harness_.Compact(0).ok());
  harness_.FinishCompaction();
  const KeyValueHash hash = harness_.reads().HashKv(Revision(0)).value();
  EXPECT_EQ(hash, (KeyValueHash{Hasher().hash(), -1, 0}));
}

TEST_P(StoreTest, ADamagedRecordIsNotServed) {
  harness_.Put("a", "1");
  harness_.Commit();
  backend::Batch batch;
  batch.Delete(schema::Id(schema::Bucket::kKey), RevisionKey({2, 0}, false).view());
  harness_.Reopen();
  ASSERT_TRUE(harness_.database().Commit(batch).ok());
  EXPECT_EQ(Pin()->Range(KeyRange::All(), 0).status().code(), base::Code::kDataLoss);
}

INSTANTIATE_TEST_SUITE_P(EachDatabase, StoreTest,
                         ::testing::Values(DatabaseKind::kMemory, DatabaseKind::kLmdb),
                         [](const auto& kind) {
                           return kind.param == DatabaseKind::kMemory ? "Memory" : "Lmdb";
                         });

}  // namespace
}  // namespace mvcc
