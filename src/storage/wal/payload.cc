#include "storage/wal/payload.h"

#include "base/wire.h"
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

EntryHead::EntryHead(const Entry& entry) {
  char* at = PutField(kTypeTag, entry.type, bytes_);
  at = PutField(kTermTag, entry.term.value(), at);
  at = PutField(kIndexTag, entry.index.value(), at);
  if (!entry.data.empty()) at = PutField(kDataTag, entry.data.size(), at);
  size_ = static_cast<size_t>(at - bytes_);
}

void AppendHardState(const HardState& state, base::Bytes* out) {
  base::WireWriter writer(out);
  writer.Varint(1, state.term.value());
  writer.Varint(2, state.vote.value());
  writer.Varint(3, state.commit.value());
}

void AppendSnapshotMark(const SnapshotMark& mark, base::Bytes* out) {
  base::WireWriter writer(out);
  writer.Varint(1, mark.index.value());
  writer.Varint(2, mark.term.value());
  writer.BytesIfSet(3, mark.conf_state);
}

bool ParseEntry(base::ByteView data, Entry* entry) {
  *entry = {};
  base::WireReader reader(data);
  while (reader.Next()) {
    switch (reader.field()) {
      case 1:
        entry->type = reader.varint();
        break;
      case 2:
        entry->term = base::Term(reader.varint());
        break;
      case 3:
        entry->index = base::Index(reader.varint());
        break;
      case 4:
        entry->data = reader.bytes();
        break;
      default:
        break;
    }
  }
  return reader.ok();
}

bool ParseHardState(base::ByteView data, HardState* state) {
  *state = {};
  base::WireReader reader(data);
  while (reader.Next()) {
    switch (reader.field()) {
      case 1:
        state->term = base::Term(reader.varint());
        break;
      case 2:
        state->vote = base::MemberId(reader.varint());
        break;
      case 3:
        state->commit = base::Index(reader.varint());
        break;
      default:
        break;
    }
  }
  return reader.ok();
}

bool ParseSnapshotMark(base::ByteView data, SnapshotMark* mark) {
  *mark = {};
  base::WireReader reader(data);
  while (reader.Next()) {
    switch (reader.field()) {
      case 1:
        mark->index = base::Index(reader.varint());
        break;
      case 2:
        mark->term = base::Term(reader.varint());
        break;
      case 3:
        mark->conf_state = base::Bytes(reader.bytes());
        break;
      default:
        break;
    }
  }
  return reader.ok();
}

}  // namespace wal
