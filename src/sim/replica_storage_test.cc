#include "sim/replica_storage.h"

#include <gtest/gtest.h>

#include "runtime/simulated/disk.h"

namespace sim {
namespace {

using runtime::simulated::CrashMode;
using runtime::simulated::Disk;

raft::Output OutputWith(uint64_t index, uint64_t term) {
  raft::Output output;
  output.hard_state = {base::Term(term), base::MemberId(1), base::Index(index - 1)};
  output.entries.push_back({base::Term(term), base::Index(index), raft::EntryType::kNormal,
                            base::SharedBytes("payload " + std::to_string(index))});
  return output;
}

// Saves entries 1.. and a snapshot of every tenth until something fails; returns how many entries
// were acknowledged.
uint64_t SaveUntilFailure(Disk& disk, uint64_t count) {
  auto opened = ReplicaStorage::Open(disk);
  if (!opened.ok()) return 0;
  for (uint64_t index = 1; index <= count; ++index) {
    if (!opened->storage->Save(OutputWith(index, 1)).ok()) return index - 1;
    if (index % 10 != 0) continue;
    raft::Snapshot snapshot{
        base::SharedBytes("state"), {{base::MemberId(1)}}, base::Index(index - 1), base::Term(1)};
    if (!opened->storage->SaveSnapshot(snapshot).ok()) return index;
  }
  return count;
}

TEST(ReplicaStorageTest, NothingAcknowledgedIsLostWhereverThePowerFails) {
  constexpr uint64_t kEntries = 35;
  Disk whole(1);
  ASSERT_EQ(SaveUntilFailure(whole, kEntries), kEntries);
  for (uint64_t operation = 1; operation <= whole.operation_count(); ++operation) {
    for (const CrashMode mode : {CrashMode::kDropUnsynced, CrashMode::kKeepSome}) {
      Disk disk(operation);
      disk.FailPowerAfter(operation);
      const uint64_t acknowledged = SaveUntilFailure(disk, kEntries);
      disk.Restart(mode);
      auto opened = ReplicaStorage::Open(disk);
      ASSERT_TRUE(opened.ok()) << operation << ": " << opened.status().ToString();
      const auto& recovered = opened->recovered;
      const uint64_t covered =
          recovered.snapshot == nullptr ? 0 : recovered.snapshot->index.value();
      EXPECT_GE(covered + recovered.entries.size(), acknowledged) << operation;
    }
  }
}

}  // namespace
}  // namespace sim
