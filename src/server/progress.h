#pragma once

#include <atomic>
#include <cstdint>
#include <limits>

#include "server/append_rate.h"

namespace server {

// How far the member is, for any thread to read. Each is the newest value; together they need not
// belong to one moment.
struct Progress {
  // Written by the raft loop.
  std::atomic<uint64_t> leader = 0;  // 0: none known
  std::atomic<uint64_t> term = 0;
  std::atomic<uint64_t> vote = 0;           // in that term; 0: none
  std::atomic<uint32_t> vote_lease_ms = 0;  // see raft::Node
  std::atomic<uint64_t> handed_over = 0;    // the term in which it last told another to campaign
  std::atomic<uint64_t> committed = 0;      // no other member is told of a later one before
  // When `leader` became 0, a runtime::TimePoint in its count.
  std::atomic<int64_t> leader_lost = std::numeric_limits<int64_t>::min();
  std::atomic<uint64_t> leader_changes = 0;
  std::atomic<int64_t> led_since = 0;  // by `leader`, in nanoseconds since 1970
  AppendRate appends_received;         // messages of the leader with entries, or none
  AppendRate appends_sent;
  std::atomic<bool> log_stalls = false;       // see LogStall
  std::atomic<bool> awaits_snapshot = false;  // see SnapshotWait
  std::atomic<int64_t> ticked = 0;            // at which runtime::TimePoint, in its count
  // Written by the apply loop.
  std::atomic<uint64_t> applied = 0;
  std::atomic<bool> is_compacting = false;  // and what that frees is in use yet
  std::atomic<bool> is_learner = false;     // of this member, and not removed
  std::atomic<uint64_t> unsaved_bytes = 0;  // of entries that are applied and not in the database
  // Written by several: see DiskRoom.
  std::atomic<bool> disk_is_low = false;
  std::atomic<uint64_t> disk_free = 0;  // bytes, where there are fewest
};

}  // namespace server
