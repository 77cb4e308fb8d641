#include "storage/wal/entry_head.h"

#include "storage/wal/encode.h"

namespace wal {
namespace {

// Tags of raftpb.Entry: field number and wire type.
constexpr char kTypeTag = 1 << 3;
constexpr char kTermTag = 2 << 3;
constexpr char kIndexTag = 3 << 3;
constexpr char kDataTag = 4 << 3 | 2;

char* PutField(char tag, uint64_t value, char* at) {
  *at++ = tag;
  return PutVarint(value, at);
}

}  // namespace

EntryHead::EntryHead(const raft::Entry& entry) {
  char* at = PutField(kTypeTag, static_cast<uint64_t>(entry.type), bytes_);
  at = PutField(kTermTag, entry.term.value(), at);
  at = PutField(kIndexTag, entry.index.value(), at);
  if (!entry.data.empty()) at = PutField(kDataTag, entry.data.size(), at);
  size_ = static_cast<size_t>(at - bytes_);
}

}  // namespace wal
