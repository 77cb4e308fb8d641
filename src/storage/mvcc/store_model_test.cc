#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/crc32c.h"
#include "base/errors.h"
#include "runtime/random.h"
#include "storage/mvcc/key_value.h"
#include "storage/mvcc/testing/store_harness.h"

// Random requests to a store and to the plainest model of one: a list of all changes, and for each
// key which of them are its own.

namespace mvcc {
namespace {

struct ModelChange {
  Revision revision;
  bool is_delete;
  std::string key_value;
};

class Model {
 public:
  int64_t current() const { return current_; }
  int64_t compact() const { return compact_; }

  // One request at a time: Begin, changes, End.
  void Put(const std::string& key, const std::string& value, int64_t lease) {
    KeyValue kv{
        .key = key, .mod_revision = current_ + 1, .value = value, .lease = base::LeaseId(lease)};
    const auto before = keys_.find(key);
    kv.create_revision = before == keys_.end() ? current_ + 1 : before->second.create_revision;
    kv.version = before == keys_.end() ? 1 : before->second.version + 1;
    keys_[key] = {kv.create_revision, kv.version, lease};
    std::string encoded(KeyValueSize(kv), '\0');
    WriteKeyValue(kv, encoded.data());
    Add(key, false, std::move(encoded));
  }
  std::vector<std::pair<std::string, int64_t>> Delete(const KeyRange& range) {
    std::vector<std::pair<std::string, int64_t>> deleted;
    for (auto key = keys_.lower_bound(std::string(range.begin));
         key != keys_.end() && !range.Ends(key->first);) {
      deleted.emplace_back(key->first, key->second.lease);
      const KeyValue kv{.key = key->first};
      std::string encoded(KeyValueSize(kv), '\0');
      WriteKeyValue(kv, encoded.data());
      Add(key->first, true, std::move(encoded));
      key = keys_.erase(key);
    }
    return deleted;
  }
  void End() {
    if (next_sub_ > 0) ++current_;
    next_sub_ = 0;
  }
  void Compact(int64_t to) { compact_ = to; }

  int64_t LeaseOf(const std::string& key) const {
    const auto found = keys_.find(key);
    return found == keys_.end() ? 0 : found->second.lease;
  }
  std::vector<std::string> Range(const KeyRange& range, int64_t at) const {
    std::vector<std::string> found;
    for (auto key = changes_of_.lower_bound(std::string(range.begin));
         key != changes_of_.end() && !range.Ends(key->first); ++key) {
      const ModelChange* const newest = NewestOf(key->second, at);
      if (newest != nullptr && !newest->is_delete) found.push_back(newest->key_value);
    }
    return found;
  }
  std::vector<std::pair<Revision, std::string>> History(int64_t from, int64_t to) const {
    std::vector<std::pair<Revision, std::string>> found;
    const auto first = std::ranges::lower_bound(changes_, from, {}, MainOf);
    for (auto change = first; change != changes_.end() && MainOf(*change) <= to; ++change) {
      found.emplace_back(change->revision, change->key_value);
    }
    return found;
  }
  // etcd's definition, with every revision that ever was still there.
  uint32_t Hash(int64_t at, int64_t compact) const {
    const std::set<Revision> keep = Keep(at);
    const std::set<Revision>& counted = keep.empty() ? Keep(compact) : keep;
    uint32_t crc = base::Crc32c("key");
    for (const ModelChange& change : changes_) {
      const int64_t main = change.revision.main;
      if (main > at || (main <= compact && counted.count(change.revision) == 0)) continue;
      crc = base::Crc32c(RevisionKey(change.revision, change.is_delete).view(), crc);
      crc = base::Crc32c(change.key_value, crc);
    }
    return crc;
  }

 private:
  struct Live {
    int64_t create_revision;
    int64_t version;
    int64_t lease;
  };

  static int64_t MainOf(const ModelChange& change) { return change.revision.main; }

  void Add(const std::string& key, bool is_delete, std::string encoded) {
    changes_of_[key].push_back(changes_.size());
    changes_.push_back({{current_ + 1, next_sub_++}, is_delete, std::move(encoded)});
  }
  // Of the changes at `places`, the last at or before revision `at`; null if there is none.
  const ModelChange* NewestOf(const std::vector<size_t>& places, int64_t at) const {
    const auto later = std::ranges::upper_bound(
        places, at, {}, [this](size_t place) { return MainOf(changes_[place]); });
    return later == places.begin() ? nullptr : &changes_[*std::prev(later)];
  }
  std::set<Revision> Keep(int64_t at) const {
    std::set<Revision> keep;
    for (const auto& [key, places] : changes_of_) {
      const ModelChange* const newest = NewestOf(places, at);
      if (newest != nullptr && !newest->is_delete) keep.insert(newest->revision);
    }
    return keep;
  }

  std::vector<ModelChange> changes_;
  std::map<std::string, std::vector<size_t>> changes_of_;
  std::map<std::string, Live> keys_;
  int64_t current_ = 1;
  int64_t compact_ = -1;
  int64_t next_sub_ = 0;
};

struct Setting {
  DatabaseKind kind;
  uint64_t seed;
};

class StoreModelTest : public ::testing::TestWithParam<Setting> {
 protected:
  static constexpr Store::Options kOptions{
      .history_bytes = 0, .compaction_slice = 7, .lock_slice = 3};
  StoreModelTest() : harness_(GetParam().kind, kOptions), random_(GetParam().seed) {}

  std::string RandomKey() { return "k" + std::to_string(random_.Below(40)); }
  KeyRange RandomRange() {
    begin_ = RandomKey();
    end_ = random_.OneIn(4) ? std::string(1, '\0') : RandomKey();
    return random_.OneIn(3) ? KeyRange::One(begin_) : KeyRange::Of(begin_, end_);
  }
  int64_t Between(int64_t low, int64_t high) {
    return low + static_cast<int64_t>(random_.Below(static_cast<uint64_t>(high - low + 1)));
  }

  void Write() {
    WriteTxn txn = harness_.store().Write();
    for (uint64_t left = random_.Between(1, 4); left > 0; --left, ++operations_) {
      if (random_.OneIn(4)) {
        const KeyRange range = RandomRange();
        const auto expected = model_.Delete(range);
        const auto deleted = txn.DeleteRange(range);
        ASSERT_TRUE(deleted.ok());
        ASSERT_EQ(deleted->size(), expected.size());
        for (size_t i = 0; i < expected.size(); ++i) {
          ASSERT_EQ((*deleted)[i].key, expected[i].first);
          ASSERT_EQ((*deleted)[i].lease.value(), expected[i].second);
        }
      } else {
        const std::string key = RandomKey();
        const std::string value(random_.Below(100), 'v');
        const auto lease = static_cast<int64_t>(random_.Below(3));
        const int64_t old_lease = model_.LeaseOf(key);
        model_.Put(key, value, lease);
        ASSERT_EQ(txn.Put(key, value, base::LeaseId(lease)).value().value(), old_lease);
      }
    }
    model_.End();
    ASSERT_EQ(txn.revision().value(), model_.current());
  }

  void ExpectAgreement(const ReadPin& pin, const Model& model, int64_t at) {
    const KeyRange range = RandomRange();
    const auto expected = model.Range(range, at);
    const size_t limit = random_.OneIn(2) ? 0 : random_.Between(1, 10);
    const auto result = pin.Range(range, limit);
    ASSERT_TRUE(result.ok()) << result.status().ToString();
    ASSERT_EQ(result->count, expected.size());
    ASSERT_EQ(result->key_values.size(),
              limit == 0 ? expected.size() : std::min(limit, expected.size()));
    for (size_t i = 0; i < result->key_values.size(); ++i) {
      ASSERT_EQ(result->key_values[i], expected[i]);
    }
    std::vector<KeyValue> keys;
    operations_ += 2;
    ASSERT_EQ(pin.SliceKeys(range, result->key_values.size(), &keys).value(),
              result->key_values.size() < expected.size());
    for (size_t i = 0; i < keys.size(); ++i) {
      KeyValue alone = *ParseKeyValue(expected[i]);
      alone.value = {};
      alone.lease = {};
      ASSERT_EQ(keys[i], alone);
    }
  }

  void ExpectHistoryAndHash() {
    const int64_t compact = model_.compact();
    const int64_t at = Between(std::max<int64_t>(compact, 1), model_.current());
    const auto pin = std::move(harness_.reads().Pin(base::Revision(at))).value();
    const auto hash = pin->Hash();
    ASSERT_TRUE(hash.ok()) << hash.status().ToString();
    ASSERT_EQ(hash->hash, model_.Hash(at, compact)) << "at " << at << " compact " << compact;
    // At the compact revision itself what a compaction removed may be missing.
    const int64_t from = Between(std::max<int64_t>(compact, 0) + 1, model_.current() + 1);
    std::vector<std::pair<Revision, std::string>> history;
    ASSERT_TRUE(pin->History(base::Revision(from),
                             [&history](const StoredChange& change) {
                               history.emplace_back(change.revision, change.key_value);
                               return true;
                             })
                    .ok());
    ASSERT_EQ(history, model_.History(from, at));
    operations_ += 2;
  }

  void Compact() {
    if (model_.current() <= model_.compact()) return;
    const int64_t to = Between(std::max<int64_t>(model_.compact() + 1, 0), model_.current());
    ASSERT_TRUE(harness_.store().Compact(base::Revision(to)).ok());
    model_.Compact(to);
    harness_.EndEntry();
  }

  void Step() {
    switch (random_.Below(12)) {
      case 0:
        harness_.Commit();
        break;
      case 1:
        ASSERT_TRUE(harness_.store().CompactionStep().ok());
        break;
      case 2:
        if (random_.OneIn(6)) Compact();
        break;
      case 3:
        if (pins_.size() < 4 && random_.OneIn(4)) {
          const int64_t at = Between(std::max<int64_t>(model_.compact(), 1), model_.current());
          pins_.push_back({std::move(harness_.reads().Pin(base::Revision(at))).value(), at});
        }
        break;
      case 4:
        if (!pins_.empty() && random_.OneIn(4)) pins_.erase(pins_.begin());
        break;
      default:
        Write();
        harness_.EndEntry();
    }
  }

  void CrashAndReopen() {
    pins_.clear();
    harness_.Commit();
    const Model committed = model_;
    Write();
    harness_.EndEntry();
    if (model_.current() > model_.compact()) Compact();
    harness_.Reopen();
    model_ = committed;
    ASSERT_EQ(harness_.store().revision().value(), model_.current());
    ASSERT_EQ(harness_.store().compact_revision().value(), model_.compact());
  }

  struct HeldPin {
    std::unique_ptr<ReadPin> pin;
    int64_t at;
  };
  StoreHarness harness_;
  runtime::Random random_;
  Model model_;
  std::vector<HeldPin> pins_;  // end before the harness
  int64_t operations_ = 0;     // that were compared
  std::string begin_;
  std::string end_;
};

TEST_P(StoreModelTest, AgreesWithAListOfAllChanges) {
  SCOPED_TRACE("seed " + std::to_string(GetParam().seed));
  const char* configured = std::getenv("CORNERSTORE_STORE_MODEL_STEPS");
  const int steps = configured == nullptr ? 1500 : std::atoi(configured);
  for (int step = 0; step < steps; ++step) {
    Step();
    if (step % 5 == 0) {
      const int64_t at = Between(std::max<int64_t>(model_.compact(), 1), model_.current());
      const auto pin = std::move(harness_.reads().Pin(base::Revision(at))).value();
      ExpectAgreement(*pin, model_, at);
    }
    // The pins that were taken before later writes, compactions and removals.
    for (const HeldPin& held : pins_) ExpectAgreement(*held.pin, model_, held.at);
    if (step % 25 == 0) ExpectHistoryAndHash();
    if (step % 400 == 399) CrashAndReopen();
    if (HasFatalFailure()) return;
  }
  pins_.clear();
  harness_.FinishCompaction();
  for (const base::Revision at :
       {base::Revision(model_.compact()), base::Revision(model_.current())}) {
    if (at.value() < 1) continue;
    const auto pin = std::move(harness_.reads().Pin(at)).value();
    for (int i = 0; i < 20; ++i) ExpectAgreement(*pin, model_, at.value());
  }
  ExpectHistoryAndHash();
  RecordProperty("operations", operations_);
}

INSTANTIATE_TEST_SUITE_P(
    Seeds, StoreModelTest,
    ::testing::Values(Setting{DatabaseKind::kMemory, 1}, Setting{DatabaseKind::kMemory, 2},
                      Setting{DatabaseKind::kMemory, 3}, Setting{DatabaseKind::kMemory, 4},
                      Setting{DatabaseKind::kLmdb, 5}, Setting{DatabaseKind::kLmdb, 6}),
    [](const auto& setting) {
      return (setting.param.kind == DatabaseKind::kLmdb ? "Lmdb" : "Memory") +
             std::to_string(setting.param.seed);
    });

}  // namespace
}  // namespace mvcc
