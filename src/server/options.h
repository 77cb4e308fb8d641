#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "runtime/time.h"
#include "state/members/extensions.h"

namespace server {

// A member of a cluster that is about to be founded.
struct InitialMember {
  std::string name;
  std::vector<std::string> peer_urls;
};

// What raft may have under way. Sizes are bytes.
struct RaftLimits {
  uint64_t message_bytes_max = 1 << 20;
  uint64_t applying_bytes_max = 64 << 20;
  uint64_t uncommitted_bytes_max = 512 << 20;
  uint32_t inflight_messages_max = 512;
  uint64_t log_bytes_max = 64 << 20;  // kept in memory for slow followers
  // The same, while a follower is being sent a snapshot or catches up after it.
  uint64_t held_log_bytes_max = 256 << 20;
};

// Who a member is in a cluster that exists already and has added it.
struct Joining {
  base::MemberId self;
  base::ClusterId cluster;
};

// What the leader has the cluster forget by itself: all but the newest so many revisions, or all
// that is older than a period. Nothing if both are zero; one of them is.
struct AutoCompaction {
  runtime::Duration period{0};
  int64_t revisions = 0;
};

// How a member behaves; the defaults are etcd's. Sizes are bytes.
struct Options {
  std::string name = "default";
  std::vector<std::string> advertise_client_urls;
  // All members, this one among them by its name; for the first start only.
  std::vector<InitialMember> initial_cluster;
  std::string initial_cluster_token = "etcd-cluster";
  // A first start joins a cluster that exists instead of founding one. Its members were asked which
  // cluster that is and who this member is in it: `joining`.
  bool join_existing_cluster = false;
  std::optional<Joining> joining;
  // Every start that finds a log makes this member its cluster's only one: force_new_cluster.h.
  bool force_new_cluster = false;

  std::string data_dir;
  // Empty: inside data_dir.
  std::string wal_dir;

  runtime::Duration heartbeat_interval = std::chrono::milliseconds(100);
  runtime::Duration election_timeout = std::chrono::milliseconds(1000);
  bool pre_vote = true;
  // A leader whose log's disk stands still hands its part over; see LogStall.
  bool disk_stall_handover = true;
  RaftLimits raft;

  // Entries between two snapshots, and kept in memory behind one.
  uint64_t snapshot_count = 10'000;
  uint64_t snapshot_catchup_entries = 5'000;
  // Files kept; 0 keeps all.
  size_t max_snapshots = 5;
  size_t max_wals = 5;
  uint64_t wal_segment_bytes = 64'000'000;

  size_t max_request_bytes = 1'572'864;
  size_t max_txn_ops = 128;
  // Of requests that wait to be carried out; beyond, further ones are refused.
  size_t pending_bytes_max = size_t{256} << 20;
  // What the watches of each net loop may take, besides what they tell; beyond, further ones are
  // refused.
  size_t watch_bytes_max = size_t{1} << 30;
  // Between two reports of the progress of a watch that wants them.
  runtime::Duration watch_progress_notify_interval = std::chrono::minutes(10);
  // 0 or less: no limit.
  int64_t quota_backend_bytes = int64_t{2} << 30;
  // The database is defragmented while it runs if that is worthwhile; see FreePages.
  bool auto_defragment = false;
  // What is kept free on the disk, or an eighth of a small one: with less the alarm NOSPACE is
  // raised. 0: nothing.
  uint64_t disk_reserve_bytes = uint64_t{64} << 20;
  // The alarm is taken back by itself; see SpaceKeeper.
  bool clear_space_alarm = true;
  size_t max_learners = 1;
  // A change of the members is refused while it would put the quorum at risk; see Reconfiguration.
  bool strict_reconfig_check = true;
  // The database is defragmented at the start if that frees so much; 0: never.
  uint64_t bootstrap_defragment_bytes = 0;

  // While this member leads it puts into the log from time to time what long leases have left, so
  // that another leader goes on from there; see LeaseKeeper.
  bool lease_checkpoints = false;
  runtime::Duration lease_checkpoint_interval = std::chrono::minutes(5);
  // Checkpoints are kept in the database also before all members do so.
  bool keep_lease_checkpoints = false;
  // A lease that this member knows is renewed at once, not after what was committed is applied.
  bool fast_lease_keep_alive = true;

  // What this member understands in the log beyond etcd; see Extensions.
  members::Extensions extensions;

  runtime::Duration backend_batch_interval = std::chrono::milliseconds(100);
  size_t backend_batch_limit = 10'000;
  // Of changes that are in the database already and still held in memory.
  size_t history_bytes = size_t{32} << 20;
  size_t compaction_batch_limit = 1'000;
  runtime::Duration compaction_sleep_interval = std::chrono::milliseconds(10);
  AutoCompaction auto_compaction;

  // Between two looks whether all members run the version that the cluster is downgraded to; 0:
  // never.
  runtime::Duration downgrade_check_interval = std::chrono::seconds(5);
  // Between two comparisons of all members' keys, and of what compactions have left of them (see
  // CorruptionChecker); 0: never.
  runtime::Duration corrupt_check_interval{0};
  runtime::Duration compact_hash_check_interval = std::chrono::minutes(1);

  // How much of what lies on its disk the member reads in the background a second, and how long it
  // rests between two rounds (see Scrubber); 0 bytes: it does not.
  uint64_t scrub_bytes_per_second = uint64_t{1} << 20;
  runtime::Duration scrub_interval = std::chrono::hours(24);

  // Nothing is synced: what was acknowledged may be missing after a crash of the machine, and a
  // member alone starts without it.
  bool unsafe_no_fsync = false;

  // A damaged database is put aside and filled again from the other members; see refill.h.
  bool refill = true;
  // A member that may have lost what it has promised asks the others for a new one in its place;
  // see replacement.h.
  bool replace = false;

  // When applying an entry or serving a read takes longer, the log tells it.
  runtime::Duration warning_apply_duration = std::chrono::milliseconds(100);

  // Seconds; shorter leases become as long.
  int64_t lease_ttl_min() const {
    const runtime::Duration shortest =
        3 * (election_timeout / heartbeat_interval) / 2 * heartbeat_interval;
    return std::chrono::ceil<std::chrono::seconds>(shortest).count();
  }

  // How long a request may take from its proposal to its answer.
  runtime::Duration request_timeout() const {
    return std::chrono::seconds(5) + 2 * election_timeout;
  }
};

// Records that a step of a compaction looks at, under one hold of the store's lock.
inline constexpr size_t kCompactionSlice = 250;

// What this program says it is, and the version of the cluster that its members can form.
inline constexpr std::string_view kVersion = "3.7.1";
inline constexpr std::string_view kClusterVersion = "3.7.0";
inline constexpr std::string_view kStorageVersion = "3.7.0";
// The lowest that a cluster may have for such a member to be in it.
inline constexpr std::string_view kMinClusterVersion = "3.0.0";

}  // namespace server
