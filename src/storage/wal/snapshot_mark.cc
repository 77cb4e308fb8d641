#include "storage/wal/snapshot_mark.h"

#include "base/wire.h"

namespace wal {
namespace {

struct Field {
  enum : uint32_t { kIndex = 1, kTerm = 2, kConfState = 3 };
};

}  // namespace

void AppendSnapshotMark(const SnapshotMark& mark, base::Bytes* out) {
  base::WireWriter writer(out);
  writer.Varint(Field::kIndex, mark.index.value());
  writer.Varint(Field::kTerm, mark.term.value());
  writer.BytesIfSet(Field::kConfState, mark.conf_state);
}

bool ParseSnapshotMark(base::ByteView data, SnapshotMark* mark) {
  *mark = {};
  base::WireReader reader(data);
  while (reader.Next()) {
    switch (reader.field()) {
      case Field::kIndex:
        mark->index = base::Index(reader.varint());
        break;
      case Field::kTerm:
        mark->term = base::Term(reader.varint());
        break;
      case Field::kConfState:
        mark->conf_state = base::Bytes(reader.bytes());
        break;
      default:
        break;
    }
  }
  return reader.ok();
}

}  // namespace wal
