#include "storage/mvcc/revision.h"

namespace mvcc {

RevisionKey::RevisionKey(Revision revision, bool is_tombstone)
    : size(is_tombstone ? kBytes + 1 : kBytes) {
  base::Store64Be(bytes, static_cast<uint64_t>(revision.main));
  bytes[8] = kSeparator;
  base::Store64Be(bytes + 9, static_cast<uint64_t>(revision.sub));
  bytes[kBytes] = kTombstone;
}

std::optional<ParsedRevisionKey> ParseRevisionKey(base::ByteView key) {
  const bool is_tombstone = key.size() == RevisionKey::kBytes + 1;
  if (key.size() != RevisionKey::kBytes && !is_tombstone) return std::nullopt;
  if (key[8] != RevisionKey::kSeparator) return std::nullopt;
  if (is_tombstone && key.back() != RevisionKey::kTombstone) return std::nullopt;
  const Revision revision{static_cast<int64_t>(base::Load64Be(key.data())),
                          static_cast<int64_t>(base::Load64Be(key.data() + 9))};
  if (revision.main < 0 || revision.sub < 0) return std::nullopt;
  return ParsedRevisionKey{revision, is_tombstone};
}

}  // namespace mvcc
