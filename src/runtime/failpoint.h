#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#ifdef FAILPOINTS
#include "runtime/failpoint_table.h"
#endif

namespace runtime {

// Places at which a test from outside, such as etcd's robustness suite, may end the process or hold
// up the thread that comes there, by the names that they have in etcd. They exist in the program
// etcd-failpoints alone, which is compiled with FAILPOINTS; elsewhere Reach vanishes.
enum class Failpoint : uint8_t {
  // A proposal's way: the log is written, messages go out, what is committed is applied.
  kRaftBeforeSave,
  kRaftAfterSave,
  kRaftBeforeLeaderSend,
  kRaftBeforeFollowerSend,
  kBeforeApplyOneConfChange,
  // A snapshot is installed, or marked in the log, and what it covers is released.
  kRaftBeforeApplySnap,
  kRaftAfterApplySnap,
  kApplyBeforeOpenSnapshot,
  kRaftBeforeSaveSnap,
  kRaftAfterSaveSnap,
  kRaftAfterWalRelease,
  // A batch goes into the database: its index joins its changes, they are written, it is committed.
  kCommitBeforePreCommitHook,
  kCommitAfterPreCommitHook,
  kBeforeStartDbTxn,
  kAfterStartDbTxn,
  kBeforeWritebackBuf,
  kAfterWritebackBuf,
  kBeforeCommit,
  kAfterCommit,
  kDefragBeforeCopy,
  kDefragBeforeRename,
  // A compaction is noted, erases records slice by slice, and is noted as done.
  kCompactBeforeCommitScheduledCompact,
  kCompactAfterCommitScheduledCompact,
  kCompactBeforeCommitBatch,
  kCompactAfterCommitBatch,
  kCompactBeforeSetFinishedCompact,
  kCompactAfterSetFinishedCompact,
  // Watches catch up, are told how far they are, and are sent events.
  kBeforeSyncWatchers,
  kBeforeProgressIfSync,
  kBeforeSendWatchResponse,
};

// By the enumerators' values.
inline constexpr std::array<std::string_view, 30> kFailpointNames = {
    "raftBeforeSave",
    "raftAfterSave",
    "raftBeforeLeaderSend",
    "raftBeforeFollowerSend",
    "beforeApplyOneConfChange",
    "raftBeforeApplySnap",
    "raftAfterApplySnap",
    "applyBeforeOpenSnapshot",
    "raftBeforeSaveSnap",
    "raftAfterSaveSnap",
    "raftAfterWALRelease",
    "commitBeforePreCommitHook",
    "commitAfterPreCommitHook",
    "beforeStartDBTxn",
    "afterStartDBTxn",
    "beforeWritebackBuf",
    "afterWritebackBuf",
    "beforeCommit",
    "afterCommit",
    "defragBeforeCopy",
    "defragBeforeRename",
    "compactBeforeCommitScheduledCompact",
    "compactAfterCommitScheduledCompact",
    "compactBeforeCommitBatch",
    "compactAfterCommitBatch",
    "compactBeforeSetFinishedCompact",
    "compactAfterSetFinishedCompact",
    "beforeSyncWatchers",
    "beforeProgressIfSync",
    "beforeSendWatchResponse",
};
static_assert(kFailpointNames.size() == size_t(Failpoint::kBeforeSendWatchResponse) + 1);

#ifdef FAILPOINTS
namespace internal {
inline FailpointTable failpoints{kFailpointNames};
}  // namespace internal

// Those of the process.
inline FailpointTable& Failpoints() {
  return internal::failpoints;
}
// Does what was set for the point. Any thread.
inline void Reach(Failpoint point) {
  internal::failpoints.Reach(size_t(point));
}
#else
constexpr void Reach(Failpoint /*point*/) {}
#endif

}  // namespace runtime
