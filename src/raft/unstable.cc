#include "raft/unstable.h"

#include <algorithm>

#include "base/check.h"

namespace raft {

std::optional<Index> Unstable::LastIndex() const {
  if (!entries_.empty()) return entries_.end() - 1;
  if (snapshot_ != nullptr) return snapshot_->index;
  return std::nullopt;
}

std::optional<Term> Unstable::TermAt(Index index) const {
  if (entries_.Contains(index)) return entries_.at(index).term;
  if (snapshot_ != nullptr && snapshot_->index == index) return snapshot_->term;
  return std::nullopt;
}

std::span<const Entry> Unstable::NextEntries() const {
  return entries_.Slice(in_progress_end_, entries_.end());
}

void Unstable::InProgress() {
  in_progress_end_ = entries_.end();
  snapshot_in_progress_ = snapshot_ != nullptr;
}

void Unstable::StableTo(EntryId last) {
  const auto ignore = [&](event::IgnoredPersist reason, Term unstable_term) {
    if (observer_ == nullptr) return;
    observer_->Observe(event::PersistIgnored{reason, last, unstable_term});
  };
  const std::optional<Term> term = TermAt(last.index);
  if (!term.has_value()) return ignore(event::IgnoredPersist::kMissing, Term(0));
  if (last.index < offset()) return ignore(event::IgnoredPersist::kIsSnapshot, *term);
  if (*term != last.term) return ignore(event::IgnoredPersist::kOtherTerm, *term);
  entries_.DropBefore(last.index + 1);
  in_progress_end_ = std::max(in_progress_end_, offset());
}

void Unstable::SnapshotStable(Index index) {
  if (snapshot_ == nullptr || snapshot_->index != index) return;
  snapshot_ = nullptr;
  snapshot_in_progress_ = false;
}

void Unstable::Restore(SnapshotPtr snapshot) {
  entries_.Reset(snapshot->index + 1);
  in_progress_end_ = offset();
  snapshot_ = std::move(snapshot);
  snapshot_in_progress_ = false;
}

void Unstable::TruncateAndAppend(std::span<const Entry> entries) {
  const Index from = entries.front().index;
  if (from < entries_.end()) {
    const bool replaced = from <= offset();
    if (observer_ != nullptr) observer_->Observe(event::UnstableTruncated{from, replaced});
    if (replaced) {
      entries_.Reset(from);
    } else {
      entries_.TruncateFrom(from);
    }
    // What is being written from there on is going to be written again.
    in_progress_end_ = std::min(in_progress_end_, from);
  }
  entries_.Append(entries);
}

}  // namespace raft
