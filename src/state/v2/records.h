#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "state/v2/event.h"
#include "state/v2/node.h"

// Records of the bucket `v2`, whose values are messages of proto/v2.proto:
//
//   's'                      StoreRecord: the index, and what else is not of one node
//   'h' slot                 EventRecord, slot = index % 1,000 in 2 bytes, big-endian
//   'n' directory name       NodeRecord, directory = its parent's number in 8 bytes, big-endian
//
// A node is found by the number of its directory, not by its path: so all that is in a directory is
// given up by one change, of its own record, and is a range of keys for each directory that it had.
// Numbers ascend and are never given again, so a directory's record comes before those of what is
// in it, and what belongs to no directory is left over from one that was deleted.

namespace v2::records {

// The number of "/", which has no record.
inline constexpr uint64_t kRoot = 1;

inline constexpr char kStoreKey[] = "s";
inline constexpr char kNodeKind = 'n';

base::Bytes NodeKey(uint64_t directory, std::string_view name);
base::Bytes EventKey(uint64_t index);
// The end of the keys of nodes that are in a directory.
struct NodePlace {
  uint64_t directory;
  std::string_view name;
};
// Of a key that begins with kNodeKind. False if it is none.
bool ParseNodeKey(base::ByteView key, NodePlace* place);

base::Bytes EncodeNode(const Node& node);
// Null for bytes that are no such record.
NodeRef DecodeNode(std::string_view name, base::ByteView bytes);

base::Bytes EncodeEvent(const Event& event);
// Null for bytes that are no such record.
std::shared_ptr<const Event> DecodeEvent(base::ByteView bytes);

struct StoreFields {
  uint64_t index = 0;
  uint64_t next_directory = 0;
  uint64_t first_event = 0;
};
base::Bytes EncodeStore(const StoreFields& fields);
bool DecodeStore(base::ByteView bytes, StoreFields* fields);

}  // namespace v2::records
