#include "state/kv/range.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "state/kv/response_writer.h"
#include "storage/mvcc/key_value.h"

namespace kv {
namespace {

using etcdserverpb::RangeRequest;

// Keys looked at under one hold of the store's lock, and how often that is done in a step.
constexpr size_t kSliceKeys = 250;
constexpr int kSlicesPerStep = 4;

// RangeResponse { 1: header, 2: kvs, 3: more, 4: count }
constexpr uint32_t kKvs = 2;
constexpr uint32_t kMore = 3;
constexpr uint32_t kCount = 4;

bool IsFiltered(const RangeRequest& request) {
  return request.min_mod_revision() != 0 || request.max_mod_revision() != 0 ||
         request.min_create_revision() != 0 || request.max_create_revision() != 0;
}

// A target that is not the key is sorted by even without an order.
bool IsSorted(const RangeRequest& request) {
  return request.sort_target() != RangeRequest::KEY ||
         request.sort_order() == RangeRequest::DESCEND;
}

bool Passes(const RangeRequest& request, const mvcc::KeyValue& kv) {
  return (request.max_mod_revision() == 0 || kv.mod_revision <= request.max_mod_revision()) &&
         (request.min_mod_revision() == 0 || kv.mod_revision >= request.min_mod_revision()) &&
         (request.max_create_revision() == 0 ||
          kv.create_revision <= request.max_create_revision()) &&
         (request.min_create_revision() == 0 ||
          kv.create_revision >= request.min_create_revision());
}

bool Less(RangeRequest::SortTarget target, const mvcc::KeyValue& a, const mvcc::KeyValue& b) {
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

mvcc::KeyValue Parsed(base::ByteView encoded) {
  const std::optional<mvcc::KeyValue> kv = mvcc::ParseKeyValue(encoded);
  CHECK(kv.has_value());
  return *kv;
}

}  // namespace

base::Result<RangeRead> RangeRead::Open(mvcc::Store& store, const RangeRequest& request) {
  // Taken first, so that it is never older than what is read.
  ASSIGN_OR_RETURN(auto pin, store.Pin(base::Revision(std::max<int64_t>(0, request.revision()))));
  return RangeRead(std::move(pin), store.revision(), request);
}

RangeRead::RangeRead(std::unique_ptr<mvcc::ReadPin> pin, base::Revision current,
                     const RangeRequest& request)
    : request_(request), pin_(std::move(pin)), current_(current) {
  if (request_.revision() <= 0) current_ = pin_->revision();
}

base::Result<bool> RangeRead::Step() {
  const mvcc::KeyRange range = mvcc::KeyRange::Of(request_.key(), request_.range_end());
  if (request_.count_only()) {
    count_ = pin_->Count(range);
    return true;
  }
  if (range.one_key) {
    ASSIGN_OR_RETURN(const std::optional<base::ByteView> found, pin_->Get(request_.key()));
    if (found.has_value()) key_values_.push_back(*found);
    count_ = key_values_.size();
  } else {
    bool done = false;
    for (int i = 0; i < kSlicesPerStep && !done; ++i) {
      ASSIGN_OR_RETURN(done, Collect());
    }
    if (!done) return false;
    count_ = pin_->Count(range);
  }
  RETURN_IF_ERROR(Finish());
  return true;
}

// Whether a limit holds for what is left after filtering and sorting only. Compat: with a target
// but no order, etcd takes the first keys up to the limit and one more, and sorts those.
bool RangeRead::NeedsAll() const {
  return request_.limit() <= 0 || IsFiltered(request_) ||
         request_.sort_order() == RangeRequest::DESCEND ||
         (request_.sort_order() == RangeRequest::ASCEND && IsSorted(request_));
}

base::Result<bool> RangeRead::Collect() {
  size_t wanted = kSliceKeys;
  if (!NeedsAll()) {
    // One more than the limit tells whether there are more.
    const auto limit = static_cast<uint64_t>(request_.limit());
    wanted = static_cast<size_t>(
        std::min<uint64_t>(wanted, limit - key_values_.size() + (limit < UINT64_MAX ? 1 : 0)));
  }
  const bool first = next_key_.empty();
  mvcc::KeyRange range = mvcc::KeyRange::Of(request_.key(), request_.range_end());
  if (!first) range.begin = next_key_;
  const size_t before = key_values_.size();
  ASSIGN_OR_RETURN(const bool more, pin_->Slice(range, wanted, &key_values_));
  if (!more || key_values_.size() == before) return true;
  if (!NeedsAll() && key_values_.size() > static_cast<uint64_t>(request_.limit())) return true;
  const std::optional<base::ByteView> last = mvcc::ParseKey(key_values_.back());
  CHECK(last.has_value());
  next_key_ = base::Bytes(*last) + '\0';
  return false;
}

base::Status RangeRead::Finish() {
  if (IsFiltered(request_)) {
    std::erase_if(key_values_,
                  [this](base::ByteView encoded) { return !Passes(request_, Parsed(encoded)); });
  }
  if (IsSorted(request_)) Sort();
  if (request_.limit() > 0 && key_values_.size() > static_cast<uint64_t>(request_.limit())) {
    key_values_.resize(static_cast<size_t>(request_.limit()));
    more_ = true;
  }
  if (request_.keys_only()) DropValues();
  return {};
}

void RangeRead::Sort() {
  std::vector<std::pair<mvcc::KeyValue, base::ByteView>> parsed;
  parsed.reserve(key_values_.size());
  for (const base::ByteView encoded : key_values_) parsed.emplace_back(Parsed(encoded), encoded);
  const bool descending = request_.sort_order() == RangeRequest::DESCEND;
  std::stable_sort(parsed.begin(), parsed.end(), [&](const auto& a, const auto& b) {
    return descending ? Less(request_.sort_target(), b.first, a.first)
                      : Less(request_.sort_target(), a.first, b.first);
  });
  for (size_t i = 0; i < parsed.size(); ++i) key_values_[i] = parsed[i].second;
}

// etcd 3.7 answers keys alone from its index, which knows no leases; unless it has to sort by the
// values.
void RangeRead::DropValues() {
  for (base::ByteView& encoded : key_values_) {
    mvcc::KeyValue kv = Parsed(encoded);
    kv.value = {};
    if (request_.sort_target() != RangeRequest::VALUE) kv.lease = {};
    base::Bytes& bytes = rewritten_.emplace_back(mvcc::KeyValueSize(kv), '\0');
    mvcc::WriteKeyValue(kv, bytes.data());
    encoded = bytes;
  }
}

size_t RangeRead::BodySize() const {
  size_t size = NumberSize(kMore, more_ ? 1 : 0) + NumberSize(kCount, count_);
  for (const base::ByteView encoded : key_values_) size += BytesSize(kKvs, encoded.size());
  return size;
}

char* RangeRead::WriteBody(char* out) const {
  for (const base::ByteView encoded : key_values_) out = WriteBytes(kKvs, encoded, out);
  out = WriteNumber(kMore, more_ ? 1 : 0, out);
  return WriteNumber(kCount, count_, out);
}

}  // namespace kv
