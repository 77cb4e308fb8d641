#include "storage/wal/snapshot_mark.h"

#include "base/wire.h"

namespace wal {

void AppendSnapshotMark(const SnapshotMark& mark, base::Bytes* out) {
  base::WireWriter writer(out);
  writer.Varint(1, mark.index.value());
  writer.Varint(2, mark.term.value());
  writer.BytesIfSet(3, mark.conf_state);
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
