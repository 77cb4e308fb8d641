#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "storage/mvcc/revision.h"

namespace mvcc {

// What the index knows of one key: its changes that were not compacted, oldest first. The newest
// is kept in the record itself; most keys have no other. 40 bytes and the key's own.
class KeyRecord {
 public:
  struct Deleter {
    void operator()(KeyRecord* record) const { Free(record); }
  };
  using Owner = std::unique_ptr<KeyRecord, Deleter>;

  // A key without any change yet.
  static Owner New(base::ByteView key);

  base::ByteView key() const { return {reinterpret_cast<const char*>(this + 1), key_bytes_}; }
  // Whether the key exists as of its newest change.
  bool live() const { return version_ > 0; }
  // Of a live key.
  Revision modified() const { return {modified_main_, modified_sub_}; }
  int64_t create_revision() const { return create_revision_; }
  int64_t version() const { return version_; }
  bool has_lease() const { return has_lease_; }

  // Each adds the newest change; `revision` is above all before. A deletion needs a live key.
  void Put(Revision revision, bool has_lease);
  void Delete(Revision revision);
  // The same for a change that was read back: create revision and version are as stored.
  void Restore(Revision revision, int64_t create_revision, int64_t version, bool has_lease);
  void RestoreDelete(Revision revision);

  // The change that is in force as of `main`; nothing if the key did not exist then.
  std::optional<Revision> At(int64_t main) const;
  // Whether `revision`, with main <= `compact`, outlives a compaction there: it is the newest up
  // to `compact`, and no deletion unless it was made by `compact` itself (etcd since 3.4.34).
  bool IsKept(Revision revision, int64_t compact) const;
  // Forgets the changes that a compaction at `compact` does not keep. False if none is left.
  bool Compact(int64_t compact);

 private:
  struct Change {
    int64_t main;
    uint32_t sub;
    bool is_delete;
  };
  using History = std::vector<Change>;

  explicit KeyRecord(uint32_t key_bytes) : has_lease_(0), key_bytes_(key_bytes) {}
  ~KeyRecord() = default;
  static void Free(KeyRecord* record);  // null is fine

  Change newest() const { return {modified_main_, modified_sub_, !live()}; }
  void Add(Revision revision);
  // The newest change with main <= `main`; null if there is none. Valid until the next change.
  const Change* NewestUpTo(int64_t main, Change* newest_storage) const;

  int64_t modified_main_ = 0;  // 0: no change yet
  int64_t create_revision_ = 0;
  int64_t version_ = 0;               // 0: the newest change is a deletion
  std::unique_ptr<History> history_;  // all changes but the newest; null if there is none
  uint32_t modified_sub_ = 0;
  uint32_t has_lease_ : 1;
  uint32_t key_bytes_ : 31;
};
static_assert(sizeof(KeyRecord) == 40);

}  // namespace mvcc
