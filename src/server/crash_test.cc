#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <map>
#include <memory>
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
  static constexpr int kKeysOfWriter = 3;

  // What a write does to keys; nothing is a deletion.
  using Changes = std::map<std::string, std::optional<std::string>>;
  struct Pair {
    std::string value;
    int64_t create_revision = 0;
    int64_t mod_revision = 0;
    int64_t version = 0;
    friend bool operator==(const Pair&, const Pair&) = default;
  };
  struct Operation {
    uint32_t field = 0;
    std::string request;
    Changes changes;  // none: a compaction
    std::function<bool(const base::Bytes& body)> is_right_answer;
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

  // ---- Writers: each asks one thing at a time, over keys of its own ----

  void Write(int writer) {
    const auto pause = std::chrono::microseconds(member_.random().Below(2000));
    member_.RunOnNetLoopAfter(pause, [this, writer] {
      auto operation = std::make_shared<const Operation>(NextOperation(writer));
      unanswered_[writer] = operation->changes;
      member_.frontend().Propose(operation->field, operation->request,
                                 [this, writer, operation](const apply::Reply& reply) {
                                   // What a process does after its death nobody hears of.
                                   if (!reply.status.ok() || member_.disk().power_failed()) return;
                                   OnAnswer(*operation, reply);
                                   unanswered_.erase(writer);
                                   Write(writer);
                                 });
    });
  }

  Operation NextOperation(int writer) {
    switch (member_.random().Below(8)) {
      case 0:
      case 1:
        return Txn(writer);
      case 2:
        return DeleteRange(writer);
      case 3:
        return Compact(writer);
      default:
        return Put(writer);
    }
  }

  static std::string KeyOf(int writer, uint64_t number) {
    return "writer" + std::to_string(writer) + "/" + std::to_string(number % kKeysOfWriter);
  }
  std::string NewValue() { return std::to_string(++written_) + std::string(100, 'v'); }
  const Pair* Current(const std::string& key) const {
    const auto found = pairs_.find(key);
    return found == pairs_.end() ? nullptr : &found->second;
  }

  // Answered with what was there before.
  Operation Put(int writer) {
    const std::string key = KeyOf(writer, member_.random().Below(kKeysOfWriter));
    etcdserverpb::PutRequest request;
    request.set_key(key);
    request.set_value(NewValue());
    request.set_prev_kv(true);
    const Pair* const before = Current(key);
    const std::optional<Pair> previous = before == nullptr ? std::nullopt : std::optional(*before);
    return {etcdserverpb::InternalRaftRequest::kPutFieldNumber,
            request.SerializeAsString(),
            {{key, request.value()}},
            [previous](const base::Bytes& body) {
              etcdserverpb::PutResponse response;
              if (!response.ParseFromString(body)) return false;
              if (!previous.has_value()) return !response.has_prev_kv();
              const auto& kv = response.prev_kv();
              return *previous ==
                     Pair{kv.value(), kv.create_revision(), kv.mod_revision(), kv.version()};
            }};
  }

  // Two keys are put if the third has the value that is expected, which it sometimes has not.
  Operation Txn(int writer) {
    const uint64_t first = member_.random().Below(kKeysOfWriter);
    const std::string compared = KeyOf(writer, first);
    const Pair* const current = Current(compared);
    const bool holds = current != nullptr && member_.random().Below(4) != 0;
    etcdserverpb::TxnRequest request;
    auto* const compare = request.add_compare();
    compare->set_key(compared);
    compare->set_target(etcdserverpb::Compare::VALUE);
    compare->set_value(holds ? current->value : "another");
    Operation operation;
    const auto put = [&](const std::string& key, etcdserverpb::RequestOp* op, bool is_done) {
      op->mutable_request_put()->set_key(key);
      op->mutable_request_put()->set_value(NewValue());
      if (is_done) operation.changes[key] = op->request_put().value();
    };
    put(KeyOf(writer, first + 1), request.add_success(), holds);
    put(KeyOf(writer, first + 2), request.add_success(), holds);
    put(compared, request.add_failure(), !holds);
    operation.field = etcdserverpb::InternalRaftRequest::kTxnFieldNumber;
    operation.request = request.SerializeAsString();
    operation.is_right_answer = [holds](const base::Bytes& body) {
      etcdserverpb::TxnResponse response;
      return response.ParseFromString(body) && response.succeeded() == holds;
    };
    return operation;
  }

  // Two of the keys, if any of them is there: a deletion of nothing has no revision.
  Operation DeleteRange(int writer) {
    Operation operation;
    for (const uint64_t number : {0, 1}) {
      const std::string key = KeyOf(writer, number);
      if (Current(key) != nullptr) operation.changes[key] = std::nullopt;
    }
    if (operation.changes.empty()) return Put(writer);
    etcdserverpb::DeleteRangeRequest request;
    request.set_key(KeyOf(writer, 0));
    request.set_range_end(KeyOf(writer, 2));
    operation.field = etcdserverpb::InternalRaftRequest::kDeleteRangeFieldNumber;
    operation.request = request.SerializeAsString();
    operation.is_right_answer = [count = operation.changes.size()](const base::Bytes& body) {
      etcdserverpb::DeleteRangeResponse response;
      return response.ParseFromString(body) && response.deleted() == static_cast<int64_t>(count);
    };
    return operation;
  }

  // To what was checked, so that no change goes unseen.
  Operation Compact(int writer) {
    if (checked_ <= compact_asked_) return Put(writer);
    const auto more = static_cast<uint64_t>(checked_ - std::max<int64_t>(compact_asked_, 0));
    compact_asked_ = checked_ - static_cast<int64_t>(member_.random().Below(more));
    etcdserverpb::CompactionRequest request;
    request.set_revision(compact_asked_);
    return {etcdserverpb::InternalRaftRequest::kCompactionFieldNumber,
            request.SerializeAsString(),
            {},
            [this, to = compact_asked_](const base::Bytes&) {
              compact_answered_ = std::max(compact_answered_, to);
              return true;
            }};
  }

  void OnAnswer(const Operation& operation, const apply::Reply& reply) {
    const int64_t revision = reply.revision.value();
    if (!operation.is_right_answer(reply.body)) {
      Found("the answer at revision " + std::to_string(revision) + " is wrong");
    }
    trace_ = base::Crc32c(std::to_string(revision) + operation.request + std::to_string(trace_));
    if (operation.changes.empty()) return;
    if (!acknowledged_.emplace(revision, operation.changes).second) {
      Found("revision " + std::to_string(revision) + " was given twice");
    }
    Change(revision, operation.changes);
  }

  // What the keys must be after a write.
  void Change(int64_t revision, const Changes& changes) {
    for (const auto& [key, value] : changes) {
      if (!value.has_value()) {
        pairs_.erase(key);
        continue;
      }
      Pair& pair = pairs_[key];
      if (pair.version == 0) pair.create_revision = revision;
      pair.value = *value;
      pair.mod_revision = revision;
      ++pair.version;
    }
  }

  // ---- After a start ----

  // All that was acknowledged is there, no write was made more than once, and none that nobody
  // asked for.
  void Check() {
    const auto pin = member_.server().state()->store().apply_reads().Pin(base::Revision(0)).value();
    const int64_t compacted = member_.server().state()->store().compact_revision().value();
    if (compacted < compact_answered_) return Found("a compaction was acknowledged and is lost");
    if (compacted > compact_asked_) return Found("compacted to " + std::to_string(compacted));
    std::map<int64_t, Changes> history;
    const base::Status read = pin->History(
        base::Revision(std::max<int64_t>(compacted, 0) + 1), [&](const mvcc::StoredChange& change) {
          const auto kv = mvcc::ParseKeyValue(change.key_value);
          history[change.revision.main][std::string(kv->key)] =
              change.is_tombstone ? std::nullopt : std::optional(std::string(kv->value));
          return true;
        });
    if (!read.ok()) return Found("unreadable: " + read.ToString());
    CheckAcknowledged(history, compacted);
    CheckOnce(history);
    CheckUnanswered(history, pin->revision().value());
    CheckCurrent(*pin);
    CheckHash();
  }

  void CheckAcknowledged(const std::map<int64_t, Changes>& history, int64_t compacted) {
    for (const auto& [revision, changes] : acknowledged_) {
      if (revision <= compacted) continue;
      const auto found = history.find(revision);
      if (found == history.end() || found->second != changes) {
        Found("revision " + std::to_string(revision) + " was acknowledged and is lost");
      }
    }
  }

  void CheckOnce(const std::map<int64_t, Changes>& history) {
    std::set<std::string> values;
    for (const auto& [revision, changes] : history) {
      for (const auto& [key, value] : changes) {
        if (value.has_value() && !values.insert(*value).second) {
          Found("revision " + std::to_string(revision) + " is a second time the same write");
        }
      }
    }
  }

  // What is there and was not answered is what some writer asked for last, whole and once.
  void CheckUnanswered(const std::map<int64_t, Changes>& history, int64_t newest) {
    for (int64_t revision = checked_ + 1; revision <= newest; ++revision) {
      if (acknowledged_.contains(revision)) continue;
      const auto changes = history.find(revision);
      if (changes == history.end()) {
        return Found("revision " + std::to_string(revision) + " changed nothing");
      }
      const auto writer =
          std::find_if(unanswered_.begin(), unanswered_.end(),
                       [&](const auto& one) { return one.second == changes->second; });
      if (writer == unanswered_.end()) {
        return Found("revision " + std::to_string(revision) + " was asked for by nobody");
      }
      unanswered_.erase(writer);
      Change(revision, changes->second);
    }
    unanswered_.clear();
    checked_ = newest;
  }

  void CheckCurrent(const mvcc::ReadPin& pin) {
    for (int writer = 0; writer < kWriters; ++writer) {
      for (uint64_t number = 0; number < kKeysOfWriter; ++number) {
        const std::string key = KeyOf(writer, number);
        const auto stored = pin.Get(key);
        if (!stored.ok()) return Found(key + ": " + stored.status().ToString());
        std::optional<Pair> found;
        if (stored->has_value()) {
          const auto kv = mvcc::ParseKeyValue(**stored);
          found = Pair{std::string(kv->value), kv->create_revision, kv->mod_revision, kv->version};
        }
        const Pair* const wanted = Current(key);
        if (found != (wanted == nullptr ? std::nullopt : std::optional(*wanted))) {
          return Found(key + " is not what was written last");
        }
      }
    }
  }

  void CheckHash() {
    if (hash_.revision == 0) return;
    const auto hash =
        member_.server().state()->store().apply_reads().HashKv(base::Revision(hash_.revision));
    // A compaction that nobody was answered may have come in between.
    if (hash.ok() && hash->compact_revision != hash_.compact_revision) return;
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
  std::map<int64_t, Changes> acknowledged_;  // by revision
  std::map<std::string, Pair> pairs_;        // as they must be
  std::map<int, Changes> unanswered_;        // by writer, of the life that ended
  int64_t checked_ = 1;                      // the newest revision that was there at the last start
  int64_t compact_asked_ = -1;
  int64_t compact_answered_ = -1;
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
