#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "runtime/random.h"
#include "runtime/simulated/disk.h"
#include "storage/wal/log.h"

// The power fails at every single change of the disk; what was acknowledged must be there after,
// and the log must be fit for use.

namespace wal {
namespace {

using runtime::simulated::CrashMode;

constexpr std::string_view kDirectory = "/wal";
constexpr Log::Options kSmall{.segment_bytes = 4096};

// What the log has promised to its user.
struct Promises {
  std::vector<base::Bytes> entries;  // acknowledged, from index 1 on
  std::vector<base::Bytes> pending;  // of the append that was under way
  base::Index vote_commit;           // of the newest hard state that was synced
  base::Index purged;                // the log may begin after this
};

SnapshotMark StartOf(const Promises& promises) {
  return {promises.purged, base::Term(promises.purged.value() == 0 ? 0 : 1), {}};
}

class Workload {
 public:
  Workload(runtime::simulated::Disk* disk, uint64_t seed) : disk_(disk), random_(seed) {}

  // Runs until the disk fails or `appends` batches were acknowledged.
  void Run(size_t appends, Promises* promises) {
    if (!OpenOrCreate(promises)) return;
    for (size_t i = 0; i < appends; ++i) {
      if (!AppendBatch(promises)) return;
      if (random_.OneIn(8)) PrepareNext();
      if (random_.OneIn(10) && !MarkAndPurge(promises)) return;
    }
  }

 private:
  bool OpenOrCreate(Promises* promises) {
    auto opened = Log::Open(*disk_, kDirectory, StartOf(*promises), kSmall);
    if (opened.ok()) {
      log_ = std::move(opened->log);
      return true;
    }
    if (!promises->entries.empty()) return false;
    auto created = Log::Create(*disk_, kDirectory, "metadata", kSmall);
    if (!created.ok()) return false;
    log_ = std::move(created).value();
    return true;
  }

  bool AppendBatch(Promises* promises) {
    const uint64_t first = promises->entries.size() + 1;
    promises->pending.clear();
    std::vector<raft::Entry> entries;
    for (uint64_t count = random_.Between(1, 6); count > 0; --count) {
      promises->pending.emplace_back(random_.Below(900),
                                     static_cast<char>(random_.Between(1, 255)));
    }
    for (size_t i = 0; i < promises->pending.size(); ++i) {
      entries.push_back({.term = base::Term(1),
                         .index = base::Index(first + i),
                         .data = base::SharedBytes(promises->pending[i])});
    }
    const raft::HardState state{base::Term(1), base::MemberId(1), base::Index(first - 1)};
    if (!log_->Append({.entries = entries, .hard_state = state}).ok()) return false;
    std::move(promises->pending.begin(), promises->pending.end(),
              std::back_inserter(promises->entries));
    promises->pending.clear();
    promises->vote_commit = state.commit;
    return true;
  }

  void PrepareNext() {
    if (const auto path = log_->RequestSegment()) {
      log_->ProvideSegment(PrepareSegment(*disk_, *path, kSmall.segment_bytes));
    }
  }

  bool MarkAndPurge(Promises* promises) {
    const SnapshotMark mark{promises->vote_commit, base::Term(1), {}};
    if (mark.index.value() == 0 || !log_->Append({.mark = &mark}).ok()) return false;
    promises->purged = mark.index;
    log_->Release(mark.index);
    return log_->Purge(1).ok();
  }

  runtime::simulated::Disk* disk_;
  runtime::Random random_;
  std::unique_ptr<Log> log_;
};

void ExpectPromisesKept(runtime::simulated::Disk* disk, Promises* promises) {
  auto opened = Log::Open(*disk, kDirectory, StartOf(*promises), kSmall);
  if (promises->entries.empty() && opened.status().code() == base::Code::kNotFound) return;
  ASSERT_TRUE(opened.ok()) << opened.status().ToString();
  const auto& entries = opened->contents.entries;
  const uint64_t before = promises->purged.value();
  ASSERT_GE(before + entries.size(), promises->entries.size());
  EXPECT_GE(opened->contents.hard_state.commit, promises->vote_commit);
  std::vector<base::Bytes> expected = promises->entries;
  expected.insert(expected.end(), promises->pending.begin(), promises->pending.end());
  ASSERT_LE(before + entries.size(), expected.size());
  for (size_t i = 0; i < entries.size(); ++i) {
    ASSERT_EQ(entries[i].index, base::Index(before + i + 1));
    ASSERT_EQ(entries[i].data.view(), expected[before + i]);
  }
  // What survived beyond the promises is part of the log from here on.
  expected.resize(before + entries.size());
  promises->entries = std::move(expected);
  promises->pending.clear();
}

class LogCrashTest : public ::testing::TestWithParam<CrashMode> {};

TEST_P(LogCrashTest, NothingAcknowledgedIsLostWhereverThePowerFails) {
  constexpr size_t kAppends = 30;
  uint64_t change_count = 0;
  {
    runtime::simulated::Disk disk(1);
    Promises promises;
    Workload(&disk, 7).Run(kAppends, &promises);
    change_count = disk.operation_count();
    ASSERT_GT(promises.entries.size(), kAppends);
  }
  for (uint64_t failing = 1; failing <= change_count; ++failing) {
    SCOPED_TRACE("power fails at change " + std::to_string(failing));
    runtime::simulated::Disk disk(failing);
    disk.FailPowerAfter(failing);
    Promises promises;
    Workload(&disk, 7).Run(kAppends, &promises);
    disk.Restart(GetParam());
    ExpectPromisesKept(&disk, &promises);
    Workload(&disk, 8).Run(3, &promises);
    ExpectPromisesKept(&disk, &promises);
    if (HasFatalFailure()) return;
  }
}

TEST_P(LogCrashTest, NothingAcknowledgedIsLostOverManyCrashesInARow) {
  const char* configured = std::getenv("CORNERSTORE_WAL_CRASH_SEEDS");
  const uint64_t seeds = configured == nullptr ? 20 : std::strtoull(configured, nullptr, 10);
  for (uint64_t seed = 1; seed <= seeds; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    runtime::simulated::Disk disk(seed);
    runtime::Random random(seed);
    Promises promises;
    for (int crash = 0; crash < 25; ++crash) {
      disk.FailPowerAfter(random.Between(1, 120));
      Workload(&disk, random.Next()).Run(40, &promises);
      disk.Restart(GetParam());
      ExpectPromisesKept(&disk, &promises);
      if (HasFatalFailure()) return;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Modes, LogCrashTest,
                         ::testing::Values(CrashMode::kDropUnsynced, CrashMode::kKeepSome),
                         [](const auto& mode) {
                           return mode.param == CrashMode::kDropUnsynced ? "DropUnsynced"
                                                                         : "KeepSome";
                         });

}  // namespace
}  // namespace wal
