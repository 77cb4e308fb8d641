#include "storage/mvcc/recent_revisions.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "base/check.h"

namespace mvcc {

namespace {

// A chunk has room for so many changes as if each were that large.
constexpr size_t kBytesOfChange = 256;
constexpr size_t kChunkBytesMin = 1 << 10;
constexpr size_t kChunkBytesMax = 256 << 10;
constexpr size_t kChunksOfHistory = 128;

}  // namespace

RecentChunk::RecentChunk(size_t bytes)
    : capacity_(bytes),
      changes_max_(std::max(bytes / kBytesOfChange, size_t{1})),
      arena_(new char[capacity_]),
      entries_(new Entry[changes_max_]) {}

bool RecentChunk::HasRoom(size_t bytes) const {
  return count_.load(std::memory_order_relaxed) < changes_max_ && capacity_ - used_ >= bytes;
}

char* RecentChunk::Append(Revision revision, bool is_tombstone, size_t bytes) {
  const size_t number = count_.load(std::memory_order_relaxed);
  CHECK(HasRoom(bytes));
  entries_[number] = {revision, used_, static_cast<uint32_t>(bytes), is_tombstone};
  char* const place = arena_.get() + used_;
  used_ += bytes;
  count_.store(number + 1, std::memory_order_release);
  return place;
}

StoredChange RecentChunk::change(size_t number) const {
  const Entry& entry = entries_[number];
  return {entry.revision, entry.is_tombstone, {arena_.get() + entry.offset, entry.bytes}};
}

size_t RecentChunk::LowerBound(Revision revision) const {
  const Entry* const begin = entries_.get();
  const Entry* const found =
      std::lower_bound(begin, begin + count(), revision,
                       [](const Entry& entry, Revision wanted) { return entry.revision < wanted; });
  return static_cast<size_t>(found - begin);
}

std::optional<base::ByteView> RecentView::Find(Revision revision) const {
  if (chunks_ == nullptr) return std::nullopt;
  const RecentChunk& chunk = *(*chunks_)[ChunkOf(revision)];
  const size_t number = chunk.LowerBound(revision);
  if (number == chunk.count()) return std::nullopt;
  const StoredChange change = chunk.change(number);
  if (change.revision != revision) return std::nullopt;
  return change.key_value;
}

Revision RecentView::first() const {
  if (chunks_ == nullptr) return {std::numeric_limits<int64_t>::max(), 0};
  return chunks_->front()->change(0).revision;
}

size_t RecentView::ChunkOf(Revision revision) const {
  const auto after = std::upper_bound(
      chunks_->begin(), chunks_->end(), revision,
      [](Revision wanted, const auto& chunk) { return wanted < chunk->change(0).revision; });
  return after == chunks_->begin() ? 0 : static_cast<size_t>(after - chunks_->begin()) - 1;
}

RecentRevisions::RecentRevisions(size_t history_bytes)
    : history_bytes_(history_bytes),
      chunk_bytes_(std::clamp(history_bytes / kChunksOfHistory, kChunkBytesMin, kChunkBytesMax)) {}

char* RecentRevisions::Append(Revision revision, bool is_tombstone, size_t bytes) {
  if (chunks_ != nullptr && chunks_->back()->HasRoom(bytes)) {
    return chunks_->back()->Append(revision, is_tombstone, bytes);
  }
  auto chunk = std::make_shared<RecentChunk>(std::max(bytes, chunk_bytes_));
  // Every chunk that is seen has a first change.
  char* const place = chunk->Append(revision, is_tombstone, bytes);
  bytes_ += chunk->capacity_bytes();
  RecentView::Chunks chunks = chunks_ == nullptr ? RecentView::Chunks() : *chunks_;
  chunks.push_back(std::move(chunk));
  Replace(std::move(chunks));
  return place;
}

void RecentRevisions::Trim(int64_t main) {
  if (chunks_ == nullptr) return;
  size_t needless = 0;
  // The last chunk stays: changes may still be appended to it.
  while (needless + 1 < chunks_->size() && bytes_ > history_bytes_) {
    const RecentChunk& chunk = *(*chunks_)[needless];
    if (chunk.change(chunk.count() - 1).revision.main > main) break;
    bytes_ -= chunk.capacity_bytes();
    ++needless;
  }
  if (needless == 0) return;
  Replace(RecentView::Chunks(chunks_->begin() + static_cast<ptrdiff_t>(needless), chunks_->end()));
}

void RecentRevisions::Replace(RecentView::Chunks chunks) {
  chunks_ = std::make_shared<const RecentView::Chunks>(std::move(chunks));
}

}  // namespace mvcc
