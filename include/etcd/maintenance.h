#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <etcd/kv.h>

// The state of one member, and its care. Plain values.

namespace etcd {
inline namespace v1 {

struct StatusResponse {
  ResponseHeader header = {};
  std::string version = {};          // of the program
  int64_t db_size = 0;               // bytes of the file
  int64_t db_size_in_use = 0;        // without free pages
  int64_t db_size_quota = 0;         // 0: the member is older than 3.6
  std::string storage_version = {};  // of the database's format; empty before 3.6
  uint64_t leader = 0;               // 0: none is known
  uint64_t raft_index = 0;           // committed
  uint64_t raft_term = 0;
  uint64_t raft_applied_index = 0;
  std::vector<std::string> errors = {};  // no leader, alarms
  bool is_learner = false;
  // The member told of a downgrade; what follows is zero otherwise.
  bool has_downgrade_info = false;
  bool downgrade_enabled = false;
  std::string downgrade_target_version = {};
};

// Of the keys and values at and below a revision: equal on members that agree.
struct HashKvResponse {
  ResponseHeader header = {};
  uint32_t hash = 0;
  int64_t compact_revision = 0;  // of the member when it hashed; -1: none yet
  int64_t hash_revision = 0;     // up to which was hashed; 0: the member is older than 3.6
};

// Of the whole database.
struct HashResponse {
  ResponseHeader header = {};
  uint32_t hash = 0;
};

// A piece of a snapshot. The last pieces carry the SHA-256 of all that came before.
struct SnapshotChunk {
  ResponseHeader header = {};
  uint64_t remaining_bytes = 0;  // of the database, after this piece
  std::string blob = {};
  std::string version = {};  // of the storage, "3.7.0"; empty before 3.6
};

struct MoveLeaderResponse {
  ResponseHeader header = {};
};

// What is to become of the cluster's downgrade to the version before.
enum class DowngradeAction : uint8_t { kValidate = 0, kEnable = 1, kCancel = 2 };

struct DowngradeResponse {
  ResponseHeader header = {};
  std::string version = {};  // of the cluster, "3.7"
};

struct DefragmentResponse {
  ResponseHeader header = {};
};

enum class AlarmType : uint8_t { kNone = 0, kNoSpace = 1, kCorrupt = 2 };

struct Alarm {
  uint64_t member_id = 0;
  AlarmType type = AlarmType::kNone;
};

struct AlarmResponse {
  ResponseHeader header = {};
  std::vector<Alarm> alarms = {};  // those that are on, or that the request has switched
};

}  // namespace v1
}  // namespace etcd
