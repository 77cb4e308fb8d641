#include "dump/live_entries.h"

namespace dump {

bool LiveEntries::Add(base::Index index) {
  const uint64_t place = places_++;
  if (index.value() <= start_) return true;
  const uint64_t position = index.value() - start_ - 1;
  if (position > count_) return false;
  while (!runs_.empty() && runs_.back().first_index >= index.value()) runs_.pop_back();
  if (!runs_.empty()) {
    Run& last = runs_.back();
    last.count = index.value() - last.first_index;
    if (last.first_place + last.count == place) {
      ++last.count;
      count_ = position + 1;
      return true;
    }
  }
  runs_.push_back({.first_place = place, .first_index = index.value(), .count = 1});
  count_ = position + 1;
  return true;
}

bool LiveEntries::Has(uint64_t place) {
  while (asked_ < runs_.size() && place >= runs_[asked_].first_place + runs_[asked_].count) {
    ++asked_;
  }
  return asked_ < runs_.size() && place >= runs_[asked_].first_place;
}

}  // namespace dump
