#include "state/kv/range.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/wire.h"
#include "state/kv/stored_pair.h"
#include "storage/mvcc/store.h"

namespace kv {
namespace {

using etcdserverpb::RangeRequest;

// What a step may do. A slice is short, since large values are checked as they are read.
constexpr size_t kStepKeys = 1024;
constexpr size_t kStepBytes = 1 << 20;
constexpr size_t kSliceKeys = 64;

using Response = etcdserverpb::RangeResponse;

constexpr uint32_t kKvs = Response::kKvsFieldNumber;

template <typename Writer>
void WriteTailFields(bool more, uint64_t count, Writer* writer) {
  writer->VarintIfSet(Response::kMoreFieldNumber, more ? 1 : 0);
  writer->VarintIfSet(Response::kCountFieldNumber, count);
}

// Whether the limit cuts what is read and not what is answered. Compat: without an order it does
// so even if the answer is then sorted.
bool LimitComesFirst(const RangeRequest& request) {
  return IsKeyOrder(request) && !IsFiltered(request);
}

// 0 is none.
uint64_t LimitOf(const RangeRequest& request) {
  return request.limit() > 0 ? static_cast<uint64_t>(request.limit()) : 0;
}

}  // namespace

base::Result<RangeRead> RangeRead::Open(mvcc::Reads& reads, const RangeRequest& request) {
  // Taken first, so that the current revision is never older than what is read.
  ASSIGN_OR_RETURN(auto pin, reads.Pin(base::Revision(std::max<int64_t>(0, request.revision()))));
  return RangeRead(std::move(pin), reads.store().revision(), request);
}

RangeRead::RangeRead(std::unique_ptr<mvcc::ReadPin> pin, base::Revision current,
                     const RangeRequest& request)
    : RangeRead(pin.get(), current, request) {
  owned_pin_ = std::move(pin);
}

RangeRead::RangeRead(const mvcc::ReadPin* pin, base::Revision current, const RangeRequest& request)
    : request_(&request),
      pin_(pin),
      current_(request.revision() <= 0 ? pin->revision() : current),
      phase_(request.count_only() ? Phase::kCount : Phase::kCollect),
      walk_(pin, mvcc::KeyRange::Of(request.key(), request.range_end())) {
  if (IsSorted(request)) sorter_.emplace(&request);
}

bool RangeRead::TakesSteps() const {
  if (phase_ == Phase::kCount) return false;
  const uint64_t limit = LimitComesFirst(*request_) ? LimitOf(*request_) : 0;
  if (limit > 0 && limit < kStepKeys) return false;
  uint64_t keys = 0;
  const auto rest =
      pin_->CountSlice(mvcc::KeyRange::Of(request_->key(), request_->range_end()), &keys);
  return rest.has_value() || keys > kStepKeys;
}

base::Result<bool> RangeRead::Step() {
  switch (phase_) {
    case Phase::kCollect:
      RETURN_IF_ERROR(Collect());
      if (phase_ == Phase::kCollect) return false;
      // What is left to do is short, except after a long collection.
      if (sorter_.has_value() && sorter_->size() > kStepKeys) return false;
      [[fallthrough]];
    case Phase::kSort:
      if (sorter_.has_value() && !TakeSorted()) return false;
      if (sorter_.has_value()) sorter_->Clear();
      Cut();
      phase_ = Phase::kCount;
      [[fallthrough]];
    case Phase::kCount:
      return Count();
  }
  return true;
}

// True when it is known.
bool RangeRead::Count() {
  if (walk_.done()) {
    count_ = visited_;
    return true;
  }
  if (!counts_) return true;
  if (!counting_.has_value()) {
    counting_.emplace(pin_, mvcc::KeyRange::Of(request_->key(), request_->range_end()));
  }
  if (!counting_->Step()) return false;
  count_ = counting_->count();
  return true;
}

// etcd 3.7 answers keys alone from its index, which knows no leases; unless it has to sort by the
// values.
bool RangeRead::IsFromIndex() const {
  return request_->keys_only() && request_->sort_target() != RangeRequest::VALUE;
}

bool RangeRead::NeedsParsing() const {
  return request_->keys_only() || sorter_.has_value() || IsFiltered(*request_);
}

base::Status RangeRead::Collect() {
  step_bytes_left_ = kStepBytes;
  const uint64_t limit = LimitOf(*request_);
  for (size_t keys = 0; keys < kStepKeys && step_bytes_left_ > 0; keys += kSliceKeys) {
    uint64_t wanted = kSliceKeys;
    // One more than the limit tells whether there are more.
    if (limit != 0 && LimitComesFirst(*request_)) wanted = std::min(wanted, limit - visited_ + 1);
    RETURN_IF_ERROR(TakeSlice(static_cast<size_t>(wanted)));
    if (!walk_.done() && !HasEnough()) continue;
    phase_ = Phase::kSort;
    break;
  }
  return {};
}

base::Status RangeRead::TakeSlice(size_t max) {
  if (IsFromIndex()) {
    std::vector<mvcc::KeyValue> keys;
    RETURN_IF_ERROR(walk_.NextKeys(max, &keys));
    visited_ += keys.size();
    for (const mvcc::KeyValue& kv : keys) Consider(kv);
    return {};
  }
  std::vector<base::ByteView> slice;
  RETURN_IF_ERROR(walk_.Next(max, &slice));
  visited_ += slice.size();
  const bool as_stored = !NeedsParsing();
  for (const base::ByteView encoded : slice) {
    step_bytes_left_ -= std::min(step_bytes_left_, encoded.size());
    if (as_stored) {
      if (Take(PairSize(encoded))) pairs_.push_back(encoded);
      continue;
    }
    ASSIGN_OR_RETURN(const mvcc::KeyValue kv, ParsePair(encoded));
    Consider(kv);
  }
  return {};
}

void RangeRead::Consider(const mvcc::KeyValue& kv) {
  if (!Passes(*request_, kv)) return;
  if (sorter_.has_value()) {
    sorter_->Add(kv);
  } else {
    AddParsed(kv);
  }
}

void RangeRead::AddParsed(mvcc::KeyValue kv) {
  if (request_->keys_only()) kv.value = {};
  if (Take(PairSize(kv))) parsed_.push_back(kv);
}

bool RangeRead::Take(size_t encoded_bytes) {
  const uint64_t limit = LimitOf(*request_);
  ++taken_;
  if (limit == 0 || taken_ <= limit) pairs_bytes_ += encoded_bytes;
  if (is_kept_ && pairs_bytes_ > keep_max_ && !sorter_.has_value()) {
    is_kept_ = false;
    std::vector<base::ByteView>().swap(pairs_);
    std::vector<mvcc::KeyValue>().swap(parsed_);
  }
  return is_kept_;
}

// Whether all that can be in the answer was seen, and one more.
bool RangeRead::HasEnough() const {
  const uint64_t limit = LimitOf(*request_);
  if (limit == 0) return false;
  if (LimitComesFirst(*request_)) return visited_ > limit;
  return !sorter_.has_value() && size() > limit;
}

// Whether as many as can be in the answer were taken, and one more.
bool RangeRead::TakeSorted() {
  const uint64_t limit = LimitOf(*request_);
  const uint64_t wanted = limit == 0 ? kStepKeys : limit - parsed_.size() + 1;
  std::vector<mvcc::KeyValue> sorted;
  const bool more = sorter_->Take(std::min<uint64_t>(wanted, kStepKeys), &sorted);
  for (const mvcc::KeyValue& kv : sorted) AddParsed(kv);
  return !more || (limit != 0 && parsed_.size() > limit);
}

// Takes off what was read beyond the limit, which is a slice at most.
void RangeRead::Cut() {
  const uint64_t limit = LimitOf(*request_);
  more_ = limit != 0 && taken_ > limit;
  if (!more_) return;
  taken_ = limit;
  if (pairs_.size() > limit) pairs_.resize(limit);
  while (parsed_.size() > limit) parsed_.pop_back();
}

base::Result<base::ByteView> RangeRead::LastKey() const {
  if (!parsed_.empty()) return parsed_.back().key;
  ASSIGN_OR_RETURN(const mvcc::KeyValue last, ParsePair(pairs_.back()));
  return last.key;
}

size_t RangeRead::held_bytes() const {
  const size_t sorting = sorter_.has_value() ? sorter_->held_bytes() : 0;
  return sorting + pairs_.capacity() * sizeof(pairs_[0]) + parsed_.capacity() * sizeof(parsed_[0]);
}

char* RangeRead::WritePairs(char* out) const {
  CHECK(is_kept_);
  for (const base::ByteView pair : pairs_) out = WritePair(pair, out);
  for (const mvcc::KeyValue& pair : parsed_) out = WritePair(pair, out);
  return out;
}

size_t RangeRead::BodySize() const {
  return pairs_bytes_ + TailSize(more_, count_);
}

char* RangeRead::WriteBody(char* out) const {
  return WriteTail(more_, count_, WritePairs(out));
}

size_t RangeRead::PairSize(base::ByteView pair) {
  return base::WireBytesSize(kKvs, pair.size());
}

char* RangeRead::WritePair(base::ByteView pair, char* out) {
  base::WireFiller filler(out);
  filler.Bytes(kKvs, pair);
  return filler.end();
}

size_t RangeRead::PairSize(const mvcc::KeyValue& pair) {
  return base::WireBytesSize(kKvs, mvcc::KeyValueSize(pair));
}

char* RangeRead::WritePair(const mvcc::KeyValue& pair, char* out) {
  const size_t size = mvcc::KeyValueSize(pair);
  base::WireFiller filler(out);
  filler.BytesHeader(kKvs, size);
  mvcc::WriteKeyValue(pair, filler.end());
  return filler.end() + size;
}

size_t RangeRead::TailSize(bool more, uint64_t count) {
  base::WireCounter counter;
  WriteTailFields(more, count, &counter);
  return counter.size();
}

char* RangeRead::WriteTail(bool more, uint64_t count, char* out) {
  base::WireFiller filler(out);
  WriteTailFields(more, count, &filler);
  return filler.end();
}

}  // namespace kv
