#include "state/kv/range_order.h"

#include <algorithm>

namespace kv {
namespace {

using etcdserverpb::RangeRequest;

bool TargetLess(RangeRequest::SortTarget target, const mvcc::KeyValue& a, const mvcc::KeyValue& b) {
  switch (target) {
    case RangeRequest::VERSION:
      return a.version < b.version;
    case RangeRequest::CREATE:
      return a.create_revision < b.create_revision;
    case RangeRequest::MOD:
      return a.mod_revision < b.mod_revision;
    case RangeRequest::VALUE:
      return a.value < b.value;
    default:
      return a.key < b.key;
  }
}

}  // namespace

bool IsSorted(const RangeRequest& request) {
  return request.sort_target() != RangeRequest::KEY ||
         request.sort_order() == RangeRequest::DESCEND;
}

bool IsKeyOrder(const RangeRequest& request) {
  return request.sort_order() == RangeRequest::NONE ||
         (request.sort_target() == RangeRequest::KEY &&
          request.sort_order() == RangeRequest::ASCEND);
}

bool IsFiltered(const RangeRequest& request) {
  return request.min_mod_revision() != 0 || request.max_mod_revision() != 0 ||
         request.min_create_revision() != 0 || request.max_create_revision() != 0;
}

bool Passes(const RangeRequest& request, const mvcc::KeyValue& kv) {
  const auto within = [](int64_t revision, int64_t min, int64_t max) {
    return (min == 0 || revision >= min) && (max == 0 || revision <= max);
  };
  return within(kv.mod_revision, request.min_mod_revision(), request.max_mod_revision()) &&
         within(kv.create_revision, request.min_create_revision(), request.max_create_revision());
}

bool PairSorter::Less(const mvcc::KeyValue& a, const mvcc::KeyValue& b) const {
  const RangeRequest::SortTarget target = request_->sort_target();
  return request_->sort_order() == RangeRequest::DESCEND ? TargetLess(target, b, a)
                                                         : TargetLess(target, a, b);
}

void PairSorter::Add(const mvcc::KeyValue& kv) {
  if (runs_.empty() || runs_.back().size() == kRunPairs) {
    if (!runs_.empty()) SortLastRun();
    runs_.emplace_back();
  }
  runs_.back().push_back(kv);
  ++size_;
}

void PairSorter::SortLastRun() {
  std::stable_sort(runs_.back().begin(), runs_.back().end(),
                   [this](const mvcc::KeyValue& a, const mvcc::KeyValue& b) { return Less(a, b); });
}

// Runs hold what was added one after another, so of equal pairs that of the lower run is first.
bool PairSorter::ComesAfter(const Rest& a, const Rest& b) const {
  const mvcc::KeyValue& next_a = runs_[a.run][a.next];
  const mvcc::KeyValue& next_b = runs_[b.run][b.next];
  if (Less(next_a, next_b)) return false;
  return Less(next_b, next_a) || a.run > b.run;
}

void PairSorter::BeginMerge() {
  merging_ = true;
  if (runs_.empty()) return;
  SortLastRun();
  for (size_t run = 0; run < runs_.size(); ++run) rests_.push_back({run, 0});
  std::make_heap(rests_.begin(), rests_.end(),
                 [this](const Rest& a, const Rest& b) { return ComesAfter(a, b); });
}

bool PairSorter::Take(size_t max, std::vector<mvcc::KeyValue>* sorted) {
  if (!merging_) BeginMerge();
  const auto comes_after = [this](const Rest& a, const Rest& b) { return ComesAfter(a, b); };
  for (; max > 0 && !rests_.empty(); --max) {
    std::pop_heap(rests_.begin(), rests_.end(), comes_after);
    Rest& rest = rests_.back();
    const Run& run = runs_[rest.run];
    sorted->push_back(run[rest.next++]);
    if (rest.next == run.size()) {
      rests_.pop_back();
    } else {
      std::push_heap(rests_.begin(), rests_.end(), comes_after);
    }
  }
  return !rests_.empty();
}

void PairSorter::Clear() {
  std::vector<Run>().swap(runs_);
  rests_.clear();
}

}  // namespace kv
