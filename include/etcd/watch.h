#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <etcd/kv.h>
#include <etcd/status.h>

// What is asked of a watch, and what it tells.

namespace etcd {
inline namespace v1 {

struct WatchRequest {
  std::string key = {};
  std::string range_end = {};  // as in GetRequest
  // The first revision whose events are told, which may lie ahead. 0: those from now on.
  int64_t start_revision = 0;
  // Leave out events of this type.
  bool no_put = false;
  bool no_delete = false;
  // Tell with each event the pair as it was before, unless that is compacted.
  bool prev_kv = false;
  // Tell now and then, while there are no events, how far the watch has got.
  bool progress_notify = false;
  // Tell when the watch has begun, once.
  bool created_notify = false;
  // Have the member send in parts what is larger than its requests may be. The sink still gets it
  // whole.
  bool fragment = false;
};

struct Event {
  enum class Type : uint8_t { kPut = 0, kDelete = 1 };

  Type type = Type::kPut;
  KeyValue kv = {};  // of a deletion: the key and the revision alone
  std::optional<KeyValue> prev_kv = {};

  // Whether the key did not exist before.
  bool is_create() const { return type == Type::kPut && kv.create_revision == kv.mod_revision; }
  friend bool operator==(const Event&, const Event&) = default;
};

// What is told at once: events; or `is_created` or `is_progress`, without events.
struct WatchResponse {
  ResponseHeader header = {};
  // By revision; all those of one revision come together.
  std::vector<Event> events = {};
  // The watch has begun: it tells what follows header.revision, or its start if it was given one.
  bool is_created = false;
  // All events up to header.revision have been told.
  bool is_progress = false;
};

// Why a watch tells nothing more.
struct WatchEnding {
  Status status = {};  // never OK
  // Of the member that ended it; zero if none did.
  ResponseHeader header = {};
  // Not 0 if the next revision of the watch is compacted: the first one that is not.
  int64_t compact_revision = 0;
  // In the words of the member that ended it; empty if none did, or for compaction.
  std::string cancel_reason = {};
};

}  // namespace v1
}  // namespace etcd
