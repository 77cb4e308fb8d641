#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "base/crc32c.h"
#include "proto/raft_internal.pb.h"
#include "proto/rpc.pb.h"
#include "server/testing/simulated_member.h"
#include "storage/mvcc/key_value.h"

// A member that dies at any moment, also in the middle of any change of its disk or its database;
// and the same with each of the rules broken that its recovery rests on, which must be found out.

namespace server {
namespace {

using runtime::simulated::CrashMode;

#if defined(__SANITIZE_THREAD__)
constexpr int kEffort = 1;  // all is one thread: there is little to be found
#elif defined(__SANITIZE_ADDRESS__)
constexpr int kEffort = 2;
#else
constexpr int kEffort = 4;
#endif

// How much more of the same is wanted, for runs through the night.
int Effort() {
  const char* const text = std::getenv("CORNERSTORE_CRASH_EFFORT");
  return kEffort * (text == nullptr ? 1 : std::max(1, std::atoi(text)));
}

// Writers that keep asking, and what must hold of every answer they got, whatever happened.
class CrashRun {
 public:
  explicit CrashRun(uint64_t seed, Planted planted = Planted::kNothing) : member_(seed, planted) {
    member_.options.snapshot_count = 20;
    member_.options.snapshot_catchup_entries = 5;
    member_.options.max_wals = 2;
    member_.options.max_snapshots = 2;
  }
  // Commits and segments as small as can be, so that a short life has many of them.
  CrashRun& Hurried() {
    member_.options.backend_batch_interval = std::chrono::milliseconds(1);
    member_.options.wal_segment_bytes = 4096;
    return *this;
  }

  // Lives that end at any moment, in which unsynced sectors survive at will.
  void RunLives(int lives) {
    for (int life = 0; life < lives && Begin(); ++life) {
      member_.RunFor(std::chrono::microseconds(member_.random().Below(200'000)));
      RememberHash();
      member_.Crash();
    }
    Begin();
  }

  // One life until `count` writes were acknowledged, and another one to look at it. The power fails
  // at the `change`-th change of the disk, 0 being none. Returns how many changes there were.
  uint64_t RunOneLife(size_t count, uint64_t change, CrashMode mode) {
    member_.disk().FailPowerAfter(change);
    if (Begin()) {
      member_.RunUntil(
          [&] { return member_.disk().power_failed() || acknowledged_.size() >= count; });
    }
    const uint64_t changes = member_.disk().operation_count();
    member_.Crash(mode);
    Begin();
    return changes;
  }

  // What was found wrong, if anything.
  const std::string& violation() const { return violation_; }
  size_t acknowledged() const { return acknowledged_.size(); }
  // A checksum of everything that was answered.
  uint32_t trace() const { return trace_; }

 private:
  static constexpr int kWriters = 8;
  struct Put {
    std::string key;
    std::string value;
    friend bool operator==(const Put&, const Put&) = default;
  };

  void Found(const std::string& violation) {
    if (violation_.empty()) violation_ = violation;
  }

  // Starts the member and the writers. False if a rule was found to be broken, or the power failed.
  bool Begin() {
    if (!violation_.empty()) return false;
    const base::Status started = member_.Start();
    if (member_.disk().power_failed()) return false;
    if (!started.ok()) {
      Found("does not start: " + started.ToString());
      return false;
    }
    const bool ready =
        member_.RunUntil([this] { return member_.ready() || member_.disk().power_failed(); });
    if (member_.disk().power_failed()) return false;
    if (!ready) Found("does not get ready");
    Check();
    for (int writer = 0; writer < kWriters; ++writer) Write(writer);
    return violation_.empty();
  }

  void Write(int writer) {
    const std::string key = "key" + std::to_string(member_.random().Below(20));
    const std::string value = std::to_string(++written_) + std::string(100, 'v');
    const auto pause = std::chrono::microseconds(member_.random().Below(2000));
    member_.RunOnNetLoopAfter(pause, [this, writer, key, value] {
      etcdserverpb::PutRequest request;
      request.set_key(key);
      request.set_value(value);
      member_.frontend().Propose(
          etcdserverpb::InternalRaftRequest::kPutFieldNumber, request.SerializeAsString(),
          [this, writer, key, value](const apply::Reply& reply) {
            // What a process does after its death nobody hears of.
            if (!reply.status.ok() || member_.disk().power_failed()) return;
            const int64_t revision = reply.revision.value();
            if (!acknowledged_.emplace(revision, Put{key, value}).second) {
              Found("revision " + std::to_string(revision) + " was given twice");
            }
            const std::string text = std::to_string(revision) + key + value;
            trace_ = base::Crc32c(text + std::to_string(trace_));
            Write(writer);
          });
    });
  }

  // All that was acknowledged is there, and no write was made more than once.
  void Check() {
    std::map<int64_t, Put> history;
    const auto pin = member_.server().state()->store().apply_reads().Pin(base::Revision(0)).value();
    const base::Status read =
        pin->History(base::Revision(1), [&](const mvcc::StoredChange& change) {
          const auto kv = mvcc::ParseKeyValue(change.key_value);
          history.emplace(kv->mod_revision, Put{std::string(kv->key), std::string(kv->value)});
          return true;
        });
    if (!read.ok()) return Found("unreadable: " + read.ToString());
    for (const auto& [revision, put] : acknowledged_) {
      const auto found = history.find(revision);
      if (found == history.end() || found->second != put) {
        return Found("revision " + std::to_string(revision) + " was acknowledged and is lost");
      }
    }
    std::set<std::string> values;
    for (const auto& [revision, put] : history) {
      if (!values.insert(put.value).second) {
        return Found("revision " + std::to_string(revision) + " is a second time the same write");
      }
    }
    CheckHash();
  }

  void CheckHash() {
    if (hash_.revision == 0) return;
    const auto hash =
        member_.server().state()->store().apply_reads().HashKv(base::Revision(hash_.revision));
    if (!hash.ok() || hash->hash != hash_.hash) {
      Found("another hash at revision " + std::to_string(hash_.revision));
    }
  }

  // Of the newest state that was promised to anybody.
  void RememberHash() {
    if (acknowledged_.empty()) return;
    const int64_t revision = acknowledged_.rbegin()->first;
    const auto hash =
        member_.server().state()->store().apply_reads().HashKv(base::Revision(revision));
    if (!hash.ok()) return Found("no hash: " + hash.status().ToString());
    hash_ = *hash;
  }

  SimulatedMember member_;
  uint64_t written_ = 0;
  std::map<int64_t, Put> acknowledged_;  // by revision
  mvcc::KeyValueHash hash_;
  std::string violation_;
  uint32_t trace_ = 0;
};

TEST(ServerCrashTest, WhatWasAcknowledgedIsThereAfterEveryCrash) {
  constexpr int kLives = 5;
  size_t acknowledged = 0;
  const int runs = 3 * Effort();
  for (int seed = 1; seed <= runs; ++seed) {
    CrashRun run(static_cast<uint64_t>(seed));
    run.RunLives(kLives);
    EXPECT_EQ(run.violation(), "") << "seed " << seed;
    acknowledged += run.acknowledged();
  }
  EXPECT_GT(acknowledged, static_cast<size_t>(runs) * 50);
}

TEST(ServerCrashTest, ASeedGivesTheSameRunTwice) {
  for (uint64_t seed = 1; seed <= 3; ++seed) {
    CrashRun first(seed);
    CrashRun second(seed);
    first.RunLives(3);
    second.RunLives(3);
    EXPECT_EQ(first.trace(), second.trace()) << "seed " << seed;
    EXPECT_NE(first.trace(), 0u);
  }
}

class PowerFailureTest : public ::testing::TestWithParam<CrashMode> {};

// From the founding of the cluster on, through appends, cuts, marks, purges, snapshots and commits.
TEST_P(PowerFailureTest, NothingAcknowledgedIsLostAtWhicheverChangeItComes) {
  constexpr size_t kWrites = 60;
  for (uint64_t seed = 1; seed <= static_cast<uint64_t>(Effort()); ++seed) {
    CrashRun whole(seed);
    const uint64_t changes = whole.Hurried().RunOneLife(kWrites, 0, GetParam());
    ASSERT_EQ(whole.violation(), "");
    ASSERT_GT(changes, 100u);
    ASSERT_GE(whole.acknowledged(), kWrites);
    for (uint64_t failing = 1; failing <= changes; ++failing) {
      CrashRun run(seed);
      run.Hurried().RunOneLife(kWrites, failing, GetParam());
      ASSERT_EQ(run.violation(), "")
          << "seed " << seed << ", power fails at change " << failing << " of " << changes;
    }
    RecordProperty("changes" + std::to_string(seed), static_cast<int>(changes));
  }
}

INSTANTIATE_TEST_SUITE_P(Modes, PowerFailureTest,
                         ::testing::Values(CrashMode::kDropUnsynced, CrashMode::kKeepSome),
                         [](const auto& mode) {
                           return mode.param == CrashMode::kDropUnsynced ? "DropUnsynced"
                                                                         : "KeepSome";
                         });

struct Rule {
  const char* name;
  Planted planted;
};
const Rule kRules[] = {
    {"TheIndexIsNotDurableBeforeItsChanges", Planted::kIndexBeforeItsChanges},
    {"ChangesAreNotDurableBeforeTheirIndex", Planted::kChangesBeforeTheirIndex},
    {"TheIndexIsNotAheadOfItsChanges", Planted::kIndexAheadOfItsChanges},
    {"TheTermIsThatOfTheIndex", Planted::kTermLeftBehind},
    {"ABatchIsOneTransaction", Planted::kHalfABatch},
    {"TheLogIsReleasedByTheDurableIndex", Planted::kCommitReportedEarly},
    {"TheLogIsDurableBeforeTheDatabase", Planted::kLogNotSynced},
};

class PlantedViolationTest : public ::testing::TestWithParam<Rule> {};

TEST_P(PlantedViolationTest, IsFound) {
  std::string found;
  for (uint64_t seed = 1; seed <= 20 && found.empty(); ++seed) {
    CrashRun run(seed, GetParam().planted);
    run.RunLives(5);
    found = run.violation();
  }
  EXPECT_NE(found, "");
  RecordProperty("found", found);
}

INSTANTIATE_TEST_SUITE_P(Rules, PlantedViolationTest, ::testing::ValuesIn(kRules),
                         [](const auto& rule) { return std::string(rule.param.name); });

}  // namespace
}  // namespace server
