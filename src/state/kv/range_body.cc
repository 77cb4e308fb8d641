#include "state/kv/range_body.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/check.h"
#include "state/kv/range_order.h"
#include "state/kv/stored_pair.h"

namespace kv {
namespace {

// Pairs read at a time, since large values are checked as they are read.
constexpr size_t kSlicePairs = 64;
// What is looked through for one piece: bytes, and so much for each pair.
constexpr size_t kPieceWork = 1024 * 1024;
constexpr size_t kPairWork = 1024;

}  // namespace

RangeBody::RangeBody(const ResponseHeader& header, RangeRead* read, mvcc::Reads* reads,
                     HeldPins* pins, const etcdserverpb::RangeRequest& request)
    : reads_(*reads),
      request_(request),
      revision_(read->read_at()),
      held_(pins->Hold(read->TakePin())),
      size_(HeaderSize(header) + read->BodySize()),
      usual_pair_bytes_(read->PairsSize() / std::max<size_t>(1, read->size()) + 1),
      more_(read->more()),
      count_(read->count()),
      begin_(HeaderSize(header), '\0'),
      pairs_left_(read->size()) {
  CHECK(read->IsInKeyOrder());
  WriteHeader(header, begin_.data());
}

base::Result<base::Bytes> RangeBody::Next(size_t max) {
  base::Bytes piece = std::exchange(begin_, {});
  if (pairs_left_ > 0) RETURN_IF_ERROR(AddPairs(max, &piece));
  if (pairs_left_ == 0 && !std::exchange(ended_, true)) AddTail(&piece);
  return piece;
}

base::Status RangeBody::AddPairs(size_t max, base::Bytes* piece) {
  if (held_.pin() != nullptr) return AddPairs(*held_.pin(), max, piece);
  ASSIGN_OR_RETURN(const auto pin, reads_.Pin(revision_));
  return AddPairs(*pin, max, piece);
}

base::Status RangeBody::AddPairs(const mvcc::ReadPin& pin, size_t max, base::Bytes* piece) {
  mvcc::KeyRange range = mvcc::KeyRange::Of(request_.key(), request_.range_end());
  if (!resume_.empty()) range.begin = resume_;
  RangeWalk walk(&pin, range);
  for (size_t work = 0; work < kPieceWork && pairs_left_ > 0 && piece->size() < max;) {
    if (walk.done()) return {base::Code::kDataLoss, "etcdserver: corrupt: a range has changed"};
    const size_t room = max - piece->size();
    const size_t fit = std::max<size_t>(1, room / usual_pair_bytes_);
    ASSIGN_OR_RETURN(const size_t done, AddSlice(walk, std::min(fit, kSlicePairs), piece));
    work += done;
  }
  if (pairs_left_ > 0) resume_ = walk.resume();
  return {};
}

base::Result<size_t> RangeBody::AddSlice(RangeWalk& walk, size_t max, base::Bytes* piece) {
  if (request_.keys_only()) return AddKeysSlice(walk, max, piece);
  std::vector<base::ByteView> pairs;
  RETURN_IF_ERROR(walk.Next(IsFiltered(request_) ? max : std::min(max, pairs_left_), &pairs));
  size_t work = 0;
  for (const base::ByteView pair : pairs) {
    work += kPairWork + pair.size();
    if (IsFiltered(request_)) {
      ASSIGN_OR_RETURN(const mvcc::KeyValue kv, ParsePair(pair));
      if (pairs_left_ == 0 || !Passes(request_, kv)) continue;
    }
    Add(pair, piece);
  }
  return work;
}

base::Result<size_t> RangeBody::AddKeysSlice(RangeWalk& walk, size_t max, base::Bytes* piece) {
  std::vector<mvcc::KeyValue> keys;
  RETURN_IF_ERROR(walk.NextKeys(max, &keys));
  for (const mvcc::KeyValue& kv : keys) {
    if (pairs_left_ > 0 && Passes(request_, kv)) Add(kv, piece);
  }
  return keys.size() * kPairWork;
}

template <typename Pair>
void RangeBody::Add(const Pair& pair, base::Bytes* piece) {
  const size_t used = piece->size();
  piece->resize(used + RangeRead::PairSize(pair));
  RangeRead::WritePair(pair, piece->data() + used);
  --pairs_left_;
}

void RangeBody::AddTail(base::Bytes* piece) const {
  const size_t used = piece->size();
  piece->resize(used + RangeRead::TailSize(more_, count_));
  RangeRead::WriteTail(more_, count_, piece->data() + used);
}

}  // namespace kv
