#include "storage/wal/entry_head.h"

#include "base/wire.h"
#include "raft/codec.h"

namespace wal {

EntryHead::EntryHead(const raft::Entry& entry) {
  using Field = raft::EntryField;
  base::WireFiller filler(bytes_);
  filler.Varint(Field::kType, static_cast<uint64_t>(entry.type));
  filler.Varint(Field::kTerm, entry.term.value());
  filler.Varint(Field::kIndex, entry.index.value());
  if (!entry.data.empty()) filler.BytesHeader(Field::kData, entry.data.size());
  size_ = static_cast<size_t>(filler.end() - bytes_);
}

}  // namespace wal
