#include "storage/mvcc/key_index.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <string>
#include <vector>

#include "runtime/random.h"

namespace mvcc {
namespace {

// What the index should say: all changes of all keys, in plain maps.
class Model {
 public:
  struct Change {
    Revision revision;
    bool is_delete;
  };

  void Put(const std::string& key, Revision revision) { keys_[key].push_back({revision, false}); }
  void Delete(const std::string& key, Revision revision) { keys_[key].push_back({revision, true}); }
  bool Live(const std::string& key) const {
    const auto found = keys_.find(key);
    return found != keys_.end() && !found->second.back().is_delete;
  }
  std::vector<std::pair<std::string, Revision>> Range(const std::string& begin,
                                                      const std::string& end, bool open_end,
                                                      int64_t main) const {
    std::vector<std::pair<std::string, Revision>> found;
    for (auto key = keys_.lower_bound(begin); key != keys_.end(); ++key) {
      if (!open_end && key->first >= end) break;
      const Change* newest = nullptr;
      for (const Change& change : key->second) {
        if (change.revision.main <= main) newest = &change;
      }
      if (newest != nullptr && !newest->is_delete) found.emplace_back(key->first, newest->revision);
    }
    return found;
  }
  std::vector<std::string> keys() const {
    std::vector<std::string> keys;
    for (const auto& [key, changes] : keys_) keys.push_back(key);
    return keys;
  }

 private:
  std::map<std::string, std::vector<Change>> keys_;
};

std::string RandomKey(runtime::Random& random) {
  // Prefixes of many lengths, keys that are prefixes of others, zero bytes.
  static const std::vector<std::string> kPrefixes = {
      "", "a", "/registry/pods/default/", "/registry/pods/default/very-long-common-prefix/",
      std::string("z\0z", 3)};
  std::string key = kPrefixes[random.Below(kPrefixes.size())];
  for (uint64_t left = random.Between(1, 3); left > 0; --left) {
    key += static_cast<char>(random.OneIn(20) ? 0 : 'a' + random.Below(16));
  }
  return key;
}

class KeyIndexTest : public ::testing::TestWithParam<uint64_t> {
 protected:
  KeyIndexTest() : random_(GetParam()) {}

  void Step() {
    ++main_;
    for (uint64_t sub = 0; sub < random_.Between(1, 4); ++sub) {
      const std::string key = RandomKey(random_);
      const Revision revision{main_, static_cast<int64_t>(sub)};
      if (model_.Live(key) && random_.OneIn(3)) {
        index_.Delete(key, revision);
        model_.Delete(key, revision);
      } else {
        ASSERT_EQ(index_.Put(key, revision, false).record->key(), key);
        model_.Put(key, revision);
      }
    }
  }
  void Compact(int64_t to) {
    for (const std::string& key : model_.keys()) index_.Compact(key, to);
    compact_ = to;
  }
  void ExpectAgreement() {
    const std::string begin = RandomKey(random_);
    const std::string end = RandomKey(random_);
    const bool open_end = random_.OneIn(4);
    const int64_t main = static_cast<int64_t>(random_.Between(
        static_cast<uint64_t>(std::max<int64_t>(compact_, 0)), static_cast<uint64_t>(main_)));
    const auto expected = model_.Range(begin, end, open_end, main);
    const KeyRange range{.begin = begin, .end = end, .open_end = open_end};
    EXPECT_EQ(index_.Count(range, main), expected.size());
    std::vector<std::pair<std::string, Revision>> found;
    EXPECT_TRUE(index_.Visit(range, main, [&](const KeyRecord& record, Revision at) {
      found.emplace_back(record.key(), at);
      return true;
    }));
    ASSERT_EQ(found, expected);
    ExpectTheSameInSteps(range, main, expected);
    if (!expected.empty()) {
      EXPECT_FALSE(index_.Visit(range, main, [](const KeyRecord&, Revision) { return false; }));
    }
    const bool exists = !model_.Range(begin, begin + '\0', false, main).empty();
    EXPECT_EQ(index_.Count(KeyRange::One(begin), main), exists ? 1u : 0u);
  }

  void ExpectTheSameInSteps(const KeyRange& range, int64_t main,
                            const std::vector<std::pair<std::string, Revision>>& expected) {
    constexpr size_t kLeafKeysMax = 64;
    const size_t looks = random_.Between(1, 200);
    uint64_t count = 0;
    KeyRange rest = range;
    KeyIndex::Pause pause{looks, std::nullopt};
    for (base::Bytes resume;; rest.begin = resume, pause = {looks, std::nullopt}) {
      count += index_.Count(rest, main, &pause);
      if (!pause.at) break;
      ASSERT_GT(*pause.at, rest.begin);
      resume = *pause.at;
    }
    EXPECT_EQ(count, expected.size());
    std::vector<std::pair<std::string, Revision>> found;
    const auto visit = [&](const KeyRecord& record, Revision at) {
      found.emplace_back(record.key(), at);
      return true;
    };
    rest = range;
    pause = {looks, std::nullopt};
    for (base::Bytes resume;; rest.begin = resume, pause = {looks, std::nullopt}) {
      const size_t before = found.size();
      const bool at_end = index_.Visit(rest, main, visit, &pause);
      EXPECT_EQ(at_end, !pause.at.has_value());
      EXPECT_LE(found.size() - before, looks + kLeafKeysMax);
      if (!pause.at) break;
      ASSERT_GT(*pause.at, rest.begin);
      resume = *pause.at;
    }
    EXPECT_EQ(found, expected);
  }

  runtime::Random random_;
  KeyIndex index_;
  Model model_;
  int64_t main_ = 1;
  int64_t compact_ = -1;
};

TEST_P(KeyIndexTest, AgreesWithAPlainMapOfRevisions) {
  SCOPED_TRACE("seed " + std::to_string(GetParam()));
  for (int step = 0; step < 8000; ++step) {
    Step();
    if (step % 20 == 0) ExpectAgreement();
    if (random_.OneIn(1500)) {
      Compact(static_cast<int64_t>(
          random_.Between(static_cast<uint64_t>(compact_ + 1), static_cast<uint64_t>(main_))));
    }
    if (HasFatalFailure()) return;
  }
}

TEST_P(KeyIndexTest, IsEmptyAgainWhenEverythingWasDeletedAndCompacted) {
  for (int step = 0; step < 3000; ++step) Step();
  ++main_;
  int64_t sub = 0;
  for (const auto& [key, revision] : model_.Range("", "", true, main_)) {
    index_.Delete(key, {main_, sub++});
  }
  EXPECT_EQ(index_.Count(KeyRange::All(), main_), 0u);
  Compact(main_);
  EXPECT_GT(index_.size(), 0u) << "deletions at the compact revision stay";
  Compact(++main_);
  EXPECT_EQ(index_.size(), 0u);
  index_.Put("again", {++main_, 0}, false);
  EXPECT_EQ(index_.Count(KeyRange::All(), main_), 1u);
}

TEST_P(KeyIndexTest, BuiltInOnePieceItIsTheSame) {
  for (int step = 0; step < 3000; ++step) Step();
  const auto expected = model_.Range("", "", true, main_);
  std::vector<KeyRecord::Owner> records;
  for (const auto& [key, revision] : expected) {
    records.push_back(KeyRecord::New(key));
    records.back()->Restore(revision, revision.main, 1, false);
  }
  index_.Build(std::move(records));
  EXPECT_EQ(index_.size(), expected.size());
  EXPECT_EQ(index_.Count(KeyRange::All(), main_), expected.size());
  for (const auto& [key, revision] : expected) {
    ASSERT_NE(index_.Find(key), nullptr) << key;
    EXPECT_EQ(index_.Find(key)->modified(), revision);
  }
  index_.Put("~", {++main_, 0}, false);
  EXPECT_EQ(index_.Count(KeyRange::All(), main_), expected.size() + 1);
}

INSTANTIATE_TEST_SUITE_P(Seeds, KeyIndexTest, ::testing::Values(1, 2, 3, 4));

TEST(KeyRecordTest, CreateRevisionAndVersionStartAgainAfterADeletion) {
  const auto record = KeyRecord::New("key");
  record->Put({2, 0}, false);
  record->Put({3, 1}, true);
  EXPECT_EQ(record->create_revision(), 2);
  EXPECT_EQ(record->version(), 2);
  EXPECT_TRUE(record->has_lease());
  record->Delete({4, 0});
  record->Put({5, 0}, false);
  EXPECT_EQ(record->create_revision(), 5);
  EXPECT_EQ(record->version(), 1);
  EXPECT_FALSE(record->has_lease());
}

TEST(KeyRecordTest, CompactionKeepsTheNewestAndADeletionOnlyAtTheCompactRevision) {
  const auto record = KeyRecord::New("key");
  record->Put({2, 0}, false);
  record->Put({3, 0}, false);
  record->Delete({5, 0});
  record->Put({7, 0}, false);
  EXPECT_TRUE(record->IsKept({3, 0}, 4));
  EXPECT_FALSE(record->IsKept({2, 0}, 4));
  EXPECT_TRUE(record->IsKept({5, 0}, 5));
  EXPECT_FALSE(record->IsKept({5, 0}, 6));
  EXPECT_TRUE(record->Compact(4));
  EXPECT_EQ(record->At(4), (Revision{3, 0}));
  EXPECT_EQ(record->At(2), std::nullopt);
  EXPECT_TRUE(record->Compact(6));
  EXPECT_EQ(record->At(6), std::nullopt);
  EXPECT_EQ(record->At(7), (Revision{7, 0}));
}

}  // namespace
}  // namespace mvcc
