#include "raft/log.h"

#include <gtest/gtest.h>

#include <set>

#include "raft/memory_log.h"
#include "raft/testing/random_values.h"

namespace raft {
namespace {

using testing::Below;
using testing::Generator;

Entry At(uint64_t index, uint64_t term, std::string_view data = "") {
  return {.term = Term(term), .index = Index(index), .data = base::SharedBytes(data)};
}

std::vector<Entry> EntriesFrom(uint64_t first, const std::vector<uint64_t>& terms) {
  std::vector<Entry> entries;
  for (uint64_t term : terms) entries.push_back(At(first++, term));
  return entries;
}

std::vector<Entry> All(const LogReader& log) {
  std::vector<Entry> entries;
  if (log.LastIndex() >= log.FirstIndex()) {
    EXPECT_TRUE(log.Read(log.FirstIndex(), log.LastIndex() + 1, kNoLimit, &entries));
  }
  return entries;
}

std::vector<Entry> All(const Log& log) {
  std::vector<Entry> entries;
  EXPECT_TRUE(log.Read(log.FirstIndex(), log.LastIndex() + 1, kNoLimit, &entries));
  return entries;
}

TEST(EntryRunTest, BehavesLikeAVector) {
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    Generator generator(seed);
    EntryRun run(Index(5));
    std::vector<Entry> model;
    uint64_t first = 5;
    for (int step = 0; step < 300; ++step) {
      const uint64_t end = first + model.size();
      switch (Below(generator, 5)) {
        case 0: {
          const uint64_t keep = first + Below(generator, model.size() + 1);
          run.TruncateFrom(Index(keep));
          model.resize(keep - first);
          break;
        }
        case 1: {
          const uint64_t drop = first + Below(generator, model.size() + 1);
          run.DropBefore(Index(drop));
          model.erase(model.begin(), model.begin() + static_cast<ptrdiff_t>(drop - first));
          first = drop;
          break;
        }
        default: {
          const auto more = EntriesFrom(end, std::vector<uint64_t>(1 + Below(generator, 4), seed));
          run.Append(more);
          model.insert(model.end(), more.begin(), more.end());
        }
      }
      ASSERT_EQ(run.first(), Index(first)) << "seed " << seed;
      const auto all = run.Slice(run.first(), run.end());
      ASSERT_EQ(std::vector<Entry>(all.begin(), all.end()), model) << "seed " << seed;
    }
  }
}

TEST(EntryRunTest, SteadyUseKeepsItsRoom) {
  EntryRun run(Index(1));
  run.Append(EntriesFrom(1, std::vector<uint64_t>(64, 1)));
  std::set<const Entry*> places;
  for (uint64_t index = 65; index <= 10000; ++index) {
    run.DropBefore(Index(index - 63));
    run.Append(EntriesFrom(index, {1}));
    places.insert(&run.at(Index(index)));
  }
  EXPECT_EQ(run.size(), 64u);
  // Twice the length, and a few places from before the room had grown to that.
  EXPECT_LE(places.size(), 256u);
}

TEST(LimitSizeTest, TakesWhatFitsButAtLeastOne) {
  const std::vector<Entry> entries{At(1, 1, "aaaa"), At(2, 1, "bbbb"), At(3, 1, "cccc")};
  const uint64_t each = EncodedSize(entries[0]);
  EXPECT_EQ(LimitSize(entries, 0).size(), 1u);
  EXPECT_EQ(LimitSize(entries, 2 * each - 1).size(), 1u);
  EXPECT_EQ(LimitSize(entries, 2 * each).size(), 2u);
  EXPECT_EQ(LimitSize(entries, kNoLimit).size(), 3u);
}

TEST(MemoryLogTest, BehavesLikeAVector) {
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    Generator generator(seed);
    MemoryLog log({}, {Term(1), Index(10)});
    std::vector<Entry> model;
    uint64_t first = 11;
    uint64_t term = 1;
    for (int step = 0; step < 200; ++step) {
      if (Below(generator, 5) == 0 && !model.empty()) {
        const uint64_t count = 1 + Below(generator, model.size());
        log.Compact(Index(first + count - 1));
        EXPECT_EQ(log.TermAt(log.FirstIndex() - 1), model[count - 1].term);
        model.erase(model.begin(), model.begin() + static_cast<ptrdiff_t>(count));
        first += count;
      } else {
        const uint64_t at = Below(generator, model.size() + 1);
        term += Below(generator, 2);
        const auto more =
            EntriesFrom(first + at, std::vector<uint64_t>(1 + Below(generator, 3), term));
        log.Append(more);
        model.resize(at);
        model.insert(model.end(), more.begin(), more.end());
      }
      uint64_t bytes = 0;
      for (const Entry& entry : model) bytes += EncodedSize(entry);
      ASSERT_EQ(All(log), model) << "seed " << seed;
      ASSERT_EQ(log.bytes(), bytes) << "seed " << seed;
      ASSERT_FALSE(log.TermAt(log.LastIndex() + 1).has_value());
      ASSERT_FALSE(log.TermAt(log.FirstIndex() - 2).has_value());
    }
  }
}

TEST(MemoryLogTest, TrimHoldsBothBoundsButKeepsWhatIsNotApplied) {
  const uint64_t each = EncodedSize(At(9, 1, "0123456789"));
  MemoryLog by_entries({.entries_max = 3});
  MemoryLog by_bytes({.bytes_max = 2 * each});
  for (uint64_t index = 1; index <= 9; ++index) {
    by_entries.Append(std::vector<Entry>{At(index, 1, "0123456789")});
    by_bytes.Append(std::vector<Entry>{At(index, 1, "0123456789")});
  }
  by_entries.Trim(Index(9));
  EXPECT_EQ(by_entries.FirstIndex(), Index(7));
  by_bytes.Trim(Index(4));
  EXPECT_EQ(by_bytes.FirstIndex(), Index(5));
  by_bytes.Trim(Index(9));
  EXPECT_EQ(by_bytes.FirstIndex(), Index(8));
}

TEST(MemoryLogTest, AnInstalledSnapshotReplacesTheLog) {
  MemoryLog log({});
  log.Append(EntriesFrom(1, {1, 1, 1}));
  log.Install(std::make_shared<Snapshot>(Snapshot{.index = Index(20), .term = Term(4)}));
  EXPECT_EQ(log.FirstIndex(), Index(21));
  EXPECT_EQ(log.LastIndex(), Index(20));
  EXPECT_EQ(log.TermAt(Index(20)), Term(4));
  EXPECT_EQ(log.bytes(), 0u);
  std::vector<Entry> none;
  EXPECT_FALSE(log.Read(Index(20), Index(21), kNoLimit, &none));
  // What a snapshot covers is skipped.
  log.Append(EntriesFrom(19, {4, 4, 4}));
  EXPECT_EQ(All(log), EntriesFrom(21, {4}));
}

// A log and its disk, driven at random; the model is the one sequence of entries that both make up.
class LogAgainstModel {
 public:
  explicit LogAgainstModel(uint64_t seed)
      : generator_(seed), disk_({}), log_(disk_, kNoLimit, nullptr) {}

  void Step() {
    switch (Below(generator_, 6)) {
      case 0:
      case 1:
        return Append();
      case 2:
        log_.CommitTo(Index(Below(generator_, model_.size() + 1)));
        return;
      case 3:
        return StartWrite();
      case 4:
        return FinishWrite();
      default:
        return Apply();
    }
  }

  void Check() const {
    ASSERT_EQ(All(log_), model_);
    ASSERT_EQ(log_.LastIndex(), Index(model_.size()));
    ASSERT_LE(log_.applied(), log_.committed());
    ASSERT_LE(log_.committed(), log_.LastIndex());
    for (const Entry& entry : model_) ASSERT_EQ(log_.TermAt(entry.index), entry.term);
    // Nothing is handed out for applying that the disk does not hold.
    ASSERT_LE(log_.applying(), disk_.LastIndex());
  }

 private:
  void Append() {
    const uint64_t committed = log_.committed().value();
    const uint64_t at = committed + Below(generator_, model_.size() - committed + 1);
    // A new term writes over what is there; the same one only appends.
    if (at < model_.size()) ++term_;
    const auto more = EntriesFrom(at + 1, std::vector<uint64_t>(1 + Below(generator_, 3), term_));
    const Term before = at == 0 ? Term(0) : model_[at - 1].term;
    ASSERT_EQ(log_.MaybeAppend({before, Index(at)}, more, Index(0)), more.back().index);
    model_.resize(at);
    model_.insert(model_.end(), more.begin(), more.end());
  }

  void StartWrite() {
    const auto entries = log_.unstable().NextEntries();
    writes_.push_back({{entries.begin(), entries.end()}, term_, log_.Last()});
    log_.InProgress();
  }

  void FinishWrite() {
    if (writes_.empty()) return;
    const Write write = writes_.front();
    writes_.erase(writes_.begin());
    disk_.Append(write.entries);
    if (write.term == term_ && write.last.index > Index(0)) log_.StableTo(write.last);
  }

  void Apply() {
    const std::vector<Entry> entries = log_.TakeNextCommitted();
    if (entries.empty()) return;
    ASSERT_EQ(entries.front().index, applied_ + 1);
    applied_ = entries.back().index;
    log_.AppliedTo(applied_);
  }

  struct Write {
    std::vector<Entry> entries;
    uint64_t term;
    EntryId last;
  };

  Generator generator_;
  MemoryLog disk_;
  Log log_;
  std::vector<Entry> model_;
  std::vector<Write> writes_;
  uint64_t term_ = 1;
  Index applied_;
};

TEST(LogTest, ShowsOneLogWhateverTheDiskHasOfIt) {
  for (uint64_t seed = 1; seed <= 300; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    LogAgainstModel log(seed);
    for (int step = 0; step < 150; ++step) {
      log.Step();
      log.Check();
      if (::testing::Test::HasFatalFailure()) return;
    }
  }
}

class FollowerLogTest : public ::testing::Test {
 protected:
  FollowerLogTest() : disk_({}), log_(disk_, kNoLimit, nullptr) {
    log_.Append(EntriesFrom(1, {1, 2, 3}));
    log_.CommitTo(Index(1));
  }

  MemoryLog disk_;
  Log log_;
};

TEST_F(FollowerLogTest, RefusesAnAppendWhosePredecessorItLacks) {
  EXPECT_FALSE(log_.MaybeAppend({Term(2), Index(3)}, EntriesFrom(4, {4}), Index(3)).has_value());
  EXPECT_FALSE(log_.MaybeAppend({Term(3), Index(4)}, EntriesFrom(5, {4}), Index(3)).has_value());
  EXPECT_EQ(log_.committed(), Index(1));
}

TEST_F(FollowerLogTest, KeepsEntriesThatTheAppendRepeats) {
  EXPECT_EQ(log_.MaybeAppend({Term(1), Index(1)}, EntriesFrom(2, {2}), Index(9)), Index(2));
  EXPECT_EQ(log_.LastIndex(), Index(3));
  // Committed only as far as the append reaches.
  EXPECT_EQ(log_.committed(), Index(2));
}

TEST_F(FollowerLogTest, ReplacesEntriesThatConflict) {
  EXPECT_EQ(log_.MaybeAppend({Term(1), Index(1)}, EntriesFrom(2, {4, 4}), Index(1)), Index(3));
  EXPECT_EQ(All(log_), EntriesFrom(1, {1, 4, 4}));
}

TEST_F(FollowerLogTest, JudgesACandidatesLogByItsLastTermThenByItsLength) {
  EXPECT_TRUE(log_.IsUpToDate({Term(4), Index(1)}));
  EXPECT_TRUE(log_.IsUpToDate({Term(3), Index(3)}));
  EXPECT_FALSE(log_.IsUpToDate({Term(3), Index(2)}));
  EXPECT_FALSE(log_.IsUpToDate({Term(2), Index(9)}));
}

TEST_F(FollowerLogTest, GuessesWhereTwoLogsStillAgree) {
  EXPECT_EQ(log_.FindConflictByTerm(Index(3), Term(2)), (EntryId{Term(2), Index(2)}));
  EXPECT_EQ(log_.FindConflictByTerm(Index(3), Term(0)), (EntryId{Term(0), Index(0)}));
  EXPECT_EQ(log_.FindConflictByTerm(Index(9), Term(2)), (EntryId{Term(0), Index(9)}));
}

TEST(LogDeathTest, NothingIsCommittedBeyondTheLog) {
  MemoryLog disk({});
  Log log(disk, kNoLimit, nullptr);
  EXPECT_DEATH(log.CommitTo(Index(1)), "check failed");
}

TEST(LogDeathTest, ACommittedEntryIsNeverReplaced) {
  MemoryLog disk({});
  Log log(disk, kNoLimit, nullptr);
  log.Append(EntriesFrom(1, {1, 1}));
  log.CommitTo(Index(2));
  EXPECT_DEATH(log.Append(EntriesFrom(2, {2})), "check failed");
}

}  // namespace
}  // namespace raft
