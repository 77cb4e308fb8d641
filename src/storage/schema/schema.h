#pragma once

#include <array>
#include <string_view>

#include "storage/backend/batch.h"

// Every bucket and key name of the database, as etcd has them in its own, and those of what etcd
// does not have.

namespace schema {

// In the order of kBucketNames, which is that of the names: hashes and snapshots go through the
// buckets in this order.
enum class Bucket : backend::BucketId {
  kAlarm,
  kAuth,
  kAuthRoles,
  kAuthUsers,
  kCluster,
  kKey,
  kLease,
  kMembers,
  kMembersRemoved,
  kMeta,
  kV2,  // not etcd's: state/v2/records.h
};

inline constexpr std::array<std::string_view, 11> kBucketNames = {
    "alarm", "auth",    "authRoles",       "authUsers", "cluster", "key",
    "lease", "members", "members_removed", "meta",      "v2"};

constexpr backend::BucketId Id(Bucket bucket) {
  return static_cast<backend::BucketId>(bucket);
}

// Keys of bucket `meta`.
inline constexpr std::string_view kConsistentIndex = "consistent_index";  // 8 bytes, big-endian
inline constexpr std::string_view kTerm = "term";                         // 8 bytes, big-endian
inline constexpr std::string_view kConfState = "confState";               // JSON
inline constexpr std::string_view kStorageVersion = "storageVersion";     // "3.7.0"
inline constexpr std::string_view kScheduledCompactRev = "scheduledCompactRev";  // a revision
inline constexpr std::string_view kFinishedCompactRev = "finishedCompactRev";    // a revision

// Keys of bucket `auth`.
inline constexpr std::string_view kAuthEnabled = "authEnabled";    // one byte, 0 or 1
inline constexpr std::string_view kAuthRevision = "authRevision";  // 8 bytes, big-endian

// Keys of bucket `cluster`.
inline constexpr std::string_view kClusterVersion = "clusterVersion";  // "3.7.0"
inline constexpr std::string_view kDowngrade = "downgrade";            // JSON
inline constexpr std::string_view kExtensions = "extensions";          // names, "a,b"; not etcd's
inline constexpr std::string_view kAdmissionRule = "admissionRule/";   // and a name; not etcd's

}  // namespace schema
