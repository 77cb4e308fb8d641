#include <gtest/gtest.h>

#include <sstream>
#include <string>

#include "base/testing/source_path.h"
#include "storage/mvcc/testing/store_harness.h"

// A history that etcd 3.4.23 ran (test/fixtures/make_etcd_3_4.py), with the hashes it answered.

namespace mvcc {
namespace {

struct Setting {
  const char* name;
  DatabaseKind kind;
  bool removes;  // compactions are carried out at once, as etcd's were
  bool commits;  // everything is in the database whenever a hash is asked for
};

class EtcdHistoryTest : public ::testing::TestWithParam<Setting> {
 protected:
  EtcdHistoryTest() : harness_(GetParam().kind) {}

  static base::Bytes Word(const std::string& word) {
    return word == "\\0" ? base::Bytes(1, '\0') : word;
  }
  void PutOrDelete(WriteTxn& txn, const std::string& verb, std::istringstream& words) {
    std::string key;
    std::string second;
    words >> key >> second;
    if (verb == "put") {
      int64_t lease = 0;
      words >> lease;
      ASSERT_TRUE(txn.Put(key, second, base::LeaseId(lease)).ok());
    } else {
      ASSERT_TRUE(txn.DeleteRange(KeyRange::Of(Word(key), Word(second))).ok());
    }
  }
  void RunTxn(std::istream& history) {
    WriteTxn txn = harness_.store().Write();
    std::string line;
    while (std::getline(history, line) && line != "end") {
      std::istringstream words(line);
      std::string verb;
      words >> verb;
      PutOrDelete(txn, verb, words);
    }
  }
  void Compact(std::istringstream& words) {
    int64_t revision = 0;
    words >> revision;
    ASSERT_TRUE(harness_.Compact(revision).ok());
    if (GetParam().removes) harness_.FinishCompaction();
  }
  void ExpectHash(std::istringstream& words) {
    int64_t revision = 0;
    int64_t compact_revision = 0;
    uint32_t hash = 0;
    words >> revision >> compact_revision >> hash;
    // Computed, not remembered from the compaction, as 3.4 does not remember any.
    const auto pin = harness_.reads().Pin(base::Revision(revision));
    ASSERT_TRUE(pin.ok()) << pin.status().ToString();
    const auto computed = (*pin)->Hash();
    ASSERT_TRUE(computed.ok()) << computed.status().ToString();
    EXPECT_EQ(*computed, (KeyValueHash{hash, compact_revision, revision}));
    ++hashes_;
  }

  StoreHarness harness_;
  int hashes_ = 0;
};

TEST_P(EtcdHistoryTest, HashesAreThoseOfEtcd) {
  runtime::posix::Disk disk;
  const auto text =
      runtime::ReadFile(disk, base::testing::SourcePath("test/fixtures/etcd-3.4.23/history.txt"));
  ASSERT_TRUE(text.ok()) << text.status().ToString();
  std::istringstream history(*text);
  std::string line;
  for (int number = 1; std::getline(history, line); ++number) {
    SCOPED_TRACE(::testing::Message() << "line " << number << ": " << line);
    std::istringstream words(line);
    std::string verb;
    words >> verb;
    if (verb == "hashkv") {
      if (GetParam().commits) harness_.Commit();
      ExpectHash(words);
    } else if (verb == "compact") {
      Compact(words);
    } else if (verb == "txn") {
      RunTxn(history);
      harness_.EndEntry();
    } else {
      WriteTxn txn = harness_.store().Write();
      PutOrDelete(txn, verb, words);
    }
    if (verb == "put" || verb == "delete") harness_.EndEntry();
    if (HasFatalFailure()) return;
  }
  EXPECT_EQ(hashes_, 41);
}

INSTANTIATE_TEST_SUITE_P(
    Settings, EtcdHistoryTest,
    ::testing::Values(Setting{"Memory", DatabaseKind::kMemory, true, true},
                      Setting{"Lmdb", DatabaseKind::kLmdb, true, true},
                      Setting{"Uncommitted", DatabaseKind::kMemory, true, false},
                      Setting{"NothingRemoved", DatabaseKind::kLmdb, false, true},
                      Setting{"NeverCommitted", DatabaseKind::kMemory, false, false}),
    [](const auto& setting) { return setting.param.name; });

}  // namespace
}  // namespace mvcc
