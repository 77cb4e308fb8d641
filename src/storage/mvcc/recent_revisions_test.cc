#include "storage/mvcc/recent_revisions.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace mvcc {
namespace {

constexpr int64_t kChanges = 5'000;

std::string BytesOf(int64_t main) {
  return "change " + std::to_string(main);
}

void Append(RecentRevisions* recent, int64_t first, int64_t last) {
  for (int64_t main = first; main <= last; ++main) {
    const std::string bytes = BytesOf(main);
    bytes.copy(recent->Append({main, 0}, false, bytes.size()), bytes.size());
  }
}

std::vector<int64_t> MainsFrom(const RecentView& view, int64_t from) {
  std::vector<int64_t> mains;
  view.ForEachFrom({from, 0}, [&mains](const StoredChange& change) {
    mains.push_back(change.revision.main);
    return mains.size() < 3;
  });
  return mains;
}

TEST(RecentRevisionsTest, FindsEveryChangeThatWasAppended) {
  RecentRevisions recent(0);
  EXPECT_EQ(recent.view().Find({2, 0}), std::nullopt);
  Append(&recent, 2, kChanges);
  const RecentView view = recent.view();
  for (int64_t main = 2; main <= kChanges; ++main) {
    ASSERT_EQ(view.Find({main, 0}), BytesOf(main));
  }
  EXPECT_EQ(view.Find({1, 0}), std::nullopt);
  EXPECT_EQ(view.Find({2, 1}), std::nullopt);
  EXPECT_EQ(view.Find({kChanges + 1, 0}), std::nullopt);
  EXPECT_EQ(MainsFrom(view, 1025), (std::vector<int64_t>{1025, 1026, 1027}));
  EXPECT_EQ(MainsFrom(view, kChanges), (std::vector<int64_t>{kChanges}));
}

TEST(RecentRevisionsTest, WhatIsNotInTheDatabaseIsNeverTrimmed) {
  RecentRevisions recent(0);
  Append(&recent, 2, kChanges);
  const int64_t durable = 2500;
  recent.Trim(durable);
  const RecentView view = recent.view();
  EXPECT_GT(view.first().main, 2) << "nothing was trimmed at all";
  EXPECT_LE(view.first().main, durable + 1);
  for (int64_t main = durable + 1; main <= kChanges; ++main) {
    ASSERT_EQ(view.Find({main, 0}), BytesOf(main));
  }
}

TEST(RecentRevisionsTest, HistoryIsKeptUpToItsSize) {
  RecentRevisions recent(size_t{1} << 30);
  Append(&recent, 2, kChanges);
  recent.Trim(kChanges);
  EXPECT_EQ(recent.view().first().main, 2);
}

TEST(RecentRevisionsTest, ASmallHistoryIsTrimmedInSmallSteps) {
  constexpr size_t kHistoryBytes = 4096;
  RecentRevisions recent(kHistoryBytes);
  Append(&recent, 2, kChanges);
  recent.Trim(kChanges);
  EXPECT_LT(kChanges - recent.view().first().main,
            static_cast<int64_t>(kHistoryBytes / BytesOf(kChanges).size()));
  EXPECT_LT(recent.view().first().main, kChanges - 2);
}

TEST(RecentRevisionsTest, AViewKeepsWhatIsTrimmedAfterIt) {
  RecentRevisions recent(0);
  Append(&recent, 2, kChanges);
  const RecentView before = recent.view();
  recent.Trim(kChanges);
  EXPECT_EQ(before.Find({2, 0}), BytesOf(2));
  EXPECT_EQ(recent.view().Find({2, 0}), std::nullopt);
}

TEST(RecentRevisionsTest, AChangeLargerThanAChunkHasItsOwn) {
  RecentRevisions recent(0);
  Append(&recent, 2, 3);
  const std::string large(size_t{1} << 20, 'x');
  large.copy(recent.Append({4, 0}, false, large.size()), large.size());
  Append(&recent, 5, 6);
  EXPECT_EQ(recent.view().Find({4, 0}), large);
  EXPECT_EQ(MainsFrom(recent.view(), 3), (std::vector<int64_t>{3, 4, 5}));
}

}  // namespace
}  // namespace mvcc
