#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "storage/mvcc/revision.h"

namespace mvcc {

// One change as it is stored: its place, and its encoded KeyValue.
struct StoredChange {
  Revision revision;
  bool is_tombstone = false;
  base::ByteView key_value;
};

// Some consecutive changes in memory that never move. One thread appends; any thread may read
// what had been appended when it learned of the chunk, at the same time.
class RecentChunk {
 public:
  // With room for some changes of together `bytes`, or for one.
  explicit RecentChunk(size_t bytes);

  bool HasRoom(size_t bytes) const;
  // Adds a change above all before; the bytes of its KeyValue are to be written to the result
  // before anybody learns of its revision.
  char* Append(Revision revision, bool is_tombstone, size_t bytes);

  size_t count() const { return count_.load(std::memory_order_acquire); }
  StoredChange change(size_t number) const;
  // The number of the first change that is not below `revision`; count() if there is none.
  size_t LowerBound(Revision revision) const;
  size_t capacity_bytes() const { return capacity_; }

 private:
  struct Entry {
    Revision revision;
    uint64_t offset;
    uint32_t bytes;
    bool is_tombstone;
  };

  const size_t capacity_;
  const size_t changes_max_;
  const std::unique_ptr<char[]> arena_;
  const std::unique_ptr<Entry[]> entries_;
  size_t used_ = 0;
  std::atomic<size_t> count_ = 0;
};

// A set of consecutive chunks: every change from the first of them up to some revision, whatever
// is appended or trimmed after. Immutable, but for changes that are appended to its last chunk.
class RecentView {
 public:
  using Chunks = std::vector<std::shared_ptr<RecentChunk>>;

  RecentView() = default;
  explicit RecentView(std::shared_ptr<const Chunks> chunks) : chunks_(std::move(chunks)) {}

  // The KeyValue of a change; nothing if it is not held here. Borrowed from the view.
  std::optional<base::ByteView> Find(Revision revision) const;
  // The oldest change held, which may be one in the middle of a request; past all others if there
  // is none.
  Revision first() const;
  // Calls `visit(StoredChange)` for the changes from `from` on, ascending, until it returns false.
  template <typename Visit>
  void ForEachFrom(Revision from, Visit visit) const {
    if (chunks_ == nullptr) return;
    for (size_t i = ChunkOf(from); i < chunks_->size(); ++i) {
      const RecentChunk& chunk = *(*chunks_)[i];
      const size_t count = chunk.count();
      for (size_t number = chunk.LowerBound(from); number < count; ++number) {
        if (!visit(chunk.change(number))) return;
      }
    }
  }

 private:
  // The last chunk that begins at or below `revision`; the first one if none does.
  size_t ChunkOf(Revision revision) const;

  std::shared_ptr<const Chunks> chunks_;
};

// The changes that are not in the database yet, and as many before them as fit: what was written
// a moment ago is what is read and watched most. Belongs to the writer; views may be taken while
// it does not change.
class RecentRevisions {
 public:
  // Keeps up to `history_bytes` of changes that are in the database already, in chunks of a 128th
  // of that; but at least one chunk.
  explicit RecentRevisions(size_t history_bytes);

  // As RecentChunk::Append.
  char* Append(Revision revision, bool is_tombstone, size_t bytes);
  // All changes up to `main` are in the database; those beyond the history may go.
  void Trim(int64_t main);
  RecentView view() const { return RecentView(chunks_); }

 private:
  void Replace(RecentView::Chunks chunks);

  const size_t history_bytes_;
  const size_t chunk_bytes_;
  std::shared_ptr<const RecentView::Chunks> chunks_;
  size_t bytes_ = 0;
};

}  // namespace mvcc
