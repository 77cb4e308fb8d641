#include "raft/log.h"

#include <algorithm>
#include <string>

#include "base/check.h"
#include "base/coverage_mark.h"
#include "raft/planted.h"

namespace raft {

Log::Log(const LogReader& reader, uint64_t applying_bytes_max, Observer* observer)
    : reader_(reader),
      observer_(observer),
      unstable_(reader.LastIndex() + 1, observer),
      committed_(reader.FirstIndex() - 1),
      applying_(committed_),
      applied_(committed_),
      applying_bytes_max_(applying_bytes_max) {}

LogState Log::state() const {
  return {.committed = committed_,
          .applying = applying_,
          .applied = applied_,
          .unstable_from = unstable_.offset(),
          .in_progress_to = unstable_.in_progress_end(),
          .unstable_entries = unstable_.entries().size()};
}

Index Log::FirstIndex() const {
  const SnapshotPtr& snapshot = unstable_.snapshot();
  return snapshot != nullptr ? snapshot->index + 1 : reader_.FirstIndex();
}

Index Log::LastIndex() const {
  const std::optional<Index> last = unstable_.LastIndex();
  return last.has_value() ? *last : reader_.LastIndex();
}

EntryId Log::Last() const {
  const Index index = LastIndex();
  const std::optional<Term> term = TermAt(index);
  CHECK(term.has_value());
  return {*term, index};
}

std::optional<Term> Log::TermAt(Index index) const {
  if (const std::optional<Term> term = unstable_.TermAt(index); term.has_value()) return term;
  // The disk may still hold what a snapshot or newer entries are about to replace.
  if (index + 1 < FirstIndex() || index > LastIndex()) return std::nullopt;
  return reader_.TermAt(index);
}

bool Log::IsUpToDate(EntryId last) const {
  const EntryId ours = Last();
  return last.term > ours.term || (last.term == ours.term && last.index >= ours.index);
}

EntryId Log::FindConflictByTerm(Index index, Term term) const {
  for (; index > Index(0); --index) {
    const std::optional<Term> ours = TermAt(index);
    if (!ours.has_value()) return {Term(0), index};
    if (*ours <= term) return {*ours, index};
  }
  return {};
}

bool Log::Read(Index low, Index high, uint64_t bytes_max, std::vector<Entry>* out) const {
  CHECK_LE(low, high);
  CHECK_LE(high, LastIndex() + 1);
  if (low < FirstIndex()) return false;
  if (low == high) return true;
  const Index offset = unstable_.offset();
  uint64_t bytes = 0;
  if (low < offset) {
    const size_t before = out->size();
    const Index cut = std::min(high, offset);
    if (!reader_.Read(low, cut, bytes_max, out)) return false;
    if (high <= offset || out->size() - before < cut - low) return true;
    if (bytes_max != kNoLimit) {
      for (size_t i = before; i < out->size(); ++i) bytes += EncodedSize((*out)[i]);
      if (bytes >= bytes_max) return true;
    }
    low = offset;
  }
  const uint64_t room = bytes_max == kNoLimit ? kNoLimit : bytes_max - bytes;
  const auto entries = LimitSize(unstable_.entries().Slice(low, high), room);
  // One entry is always taken, but only if it is the first of all.
  if (bytes > 0 && entries.size() == 1 && EncodedSize(entries.front()) > room) return true;
  out->insert(out->end(), entries.begin(), entries.end());
  return true;
}

SnapshotPtr Log::LatestSnapshot() const {
  return unstable_.snapshot() != nullptr ? unstable_.snapshot() : reader_.LatestSnapshot();
}

bool Log::HasUnappliedConfChange() const {
  std::vector<Entry> page;
  for (Index low = applied_ + 1; low <= committed_; low += page.size()) {
    page.clear();
    CHECK(Read(low, committed_ + 1, applying_bytes_max_, &page));
    for (const Entry& entry : page) {
      if (entry.type != EntryType::kNormal) return true;
    }
  }
  return false;
}

std::optional<Index> Log::FindConflict(std::span<const Entry> entries) const {
  for (const Entry& entry : entries) {
    const std::optional<Term> existing = TermAt(entry.index);
    if (existing == entry.term) continue;
    if (observer_ != nullptr && entry.index <= LastIndex()) {
      observer_->Observe(event::ConflictFound{IdOf(entry), existing.value_or(Term(0))});
    }
    return entry.index;
  }
  return std::nullopt;
}

std::optional<Index> Log::MaybeAppend(EntryId previous, std::span<const Entry> entries,
                                      Index committed) {
  const bool unchecked =
      Planted(PlantedBug::kSkipPreviousTermCheck) && previous.index <= LastIndex();
  if (!unchecked && !Matches(previous)) return std::nullopt;
  const Index last = previous.index + entries.size();
  std::optional<Index> conflict = FindConflict(entries);
  if (Planted(PlantedBug::kKeepConflictingEntries) && conflict.has_value()) {
    conflict = std::max(*conflict, LastIndex() + 1);
    if (*conflict > last) conflict.reset();
  }
  if (conflict.has_value()) Append(entries.subspan(*conflict - (previous.index + 1)));
  CommitTo(std::min(committed, last));
  return last;
}

void Log::Append(std::span<const Entry> entries) {
  if (entries.empty()) return;
  // A committed entry never changes.
  if (!Planted(PlantedBug::kSkipPreviousTermCheck)) CHECK_GT(entries.front().index, committed_);
  if (entries.front().index <= LastIndex())
    base::Mark<"raft: entries that conflict are replaced">();
  unstable_.TruncateAndAppend(entries);
}

void Log::Restore(SnapshotPtr snapshot) {
  if (observer_ != nullptr) observer_->Observe(event::SnapshotRestoring{state(), snapshot->id()});
  committed_ = snapshot->index;
  if (Planted(PlantedBug::kInstallOlderSnapshot)) {
    applying_ = std::min(applying_, committed_);
    applied_ = std::min(applied_, committed_);
    batches_.clear();
  }
  unstable_.Restore(std::move(snapshot));
}

void Log::CommitTo(Index index) {
  if (index <= committed_) return;
  if (Planted(PlantedBug::kHeartbeatCommitUnmatched)) index = std::min(index, LastIndex());
  CHECK_LE(index, LastIndex());
  committed_ = index;
}

bool Log::MaybeCommit(EntryId id) {
  const bool of_term = Planted(PlantedBug::kCommitOldTermByCounting) || Matches(id);
  if (id.term == Term(0) || id.index <= committed_ || !of_term) return false;
  CommitTo(id.index);
  return true;
}

Index Log::AppliableEnd() const {
  // A member that applied what its disk does not hold could forget it in a crash.
  return std::min(committed_ + 1, unstable_.offset());
}

bool Log::HasNextCommitted() const {
  return !applying_paused_ && !committed_is_held_ && unstable_.snapshot() == nullptr &&
         applying_ + 1 < AppliableEnd();
}

std::vector<Entry> Log::TakeNextCommitted() {
  std::vector<Entry> entries;
  if (!HasNextCommitted()) return entries;
  CHECK_LT(applying_bytes_, applying_bytes_max_);
  const Index low = applying_ + 1;
  const Index high = AppliableEnd();
  entries.reserve(high - low);
  CHECK(Read(low, high, applying_bytes_max_ - applying_bytes_, &entries));
  Batch batch{.last = entries.back().index, .encoded_bytes = 0, .payload_bytes = 0};
  for (const Entry& entry : entries) {
    batch.encoded_bytes += EncodedSize(entry);
    batch.payload_bytes += entry.data.size();
  }
  applying_ = batch.last;
  applying_bytes_ += batch.encoded_bytes;
  // Stopping short of what could be applied means that the next entry did not fit.
  applying_paused_ = applying_bytes_ >= applying_bytes_max_ || applying_ + 1 < high;
  batches_.push_back(batch);
  if (Planted(PlantedBug::kSkipCommittedEntry) && entries.size() > 1) {
    entries.erase(entries.begin());
  }
  return entries;
}

uint64_t Log::AppliedTo(Index index) {
  CHECK_LE(applied_, index);
  CHECK_LE(index, committed_);
  uint64_t payload_bytes = 0;
  while (!batches_.empty() && batches_.front().last <= index) {
    applying_bytes_ -= batches_.front().encoded_bytes;
    payload_bytes += batches_.front().payload_bytes;
    batches_.pop_front();
  }
  applied_ = index;
  applying_ = std::max(applying_, index);
  applying_paused_ = applying_bytes_ >= applying_bytes_max_;
  return payload_bytes;
}

}  // namespace raft
