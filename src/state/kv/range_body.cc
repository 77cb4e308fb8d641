#include "state/kv/range_body.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/check.h"
#include "state/kv/range_walk.h"
#include "state/kv/stored_pair.h"

namespace kv {
namespace {

// Pairs read at a time, since large values are checked as they are read.
constexpr size_t kSlicePairs = 64;

}  // namespace

RangeBody::RangeBody(const ResponseHeader& header, const RangeRead& read, mvcc::Reads* reads,
                     const etcdserverpb::RangeRequest& request)
    : reads_(*reads),
      request_(request),
      revision_(read.read_at()),
      size_(HeaderSize(header) + read.BodySize()),
      usual_pair_bytes_(read.PairsSize() / std::max<size_t>(1, read.size()) + 1),
      more_(read.more()),
      count_(read.count()),
      begin_(HeaderSize(header), '\0'),
      pairs_left_(read.size()) {
  CHECK(read.IsAsStored());
  WriteHeader(header, begin_.data());
}

base::Result<base::Bytes> RangeBody::Next(size_t max) {
  base::Bytes piece = std::exchange(begin_, {});
  if (pairs_left_ > 0) RETURN_IF_ERROR(AddPairs(max, &piece));
  if (pairs_left_ == 0 && !std::exchange(ended_, true)) AddTail(&piece);
  return piece;
}

base::Status RangeBody::AddPairs(size_t max, base::Bytes* piece) {
  ASSIGN_OR_RETURN(const auto pin, reads_.Pin(revision_));
  mvcc::KeyRange range = mvcc::KeyRange::Of(request_.key(), request_.range_end());
  if (!resume_.empty()) range.begin = resume_;
  RangeWalk walk(pin.get(), range);
  std::vector<base::ByteView> pairs;
  do {
    const size_t room = max - std::min(max, piece->size());
    const size_t fit = std::max<size_t>(1, room / usual_pair_bytes_);
    pairs.clear();
    RETURN_IF_ERROR(walk.Next(std::min({fit, pairs_left_, kSlicePairs}), &pairs));
    if (pairs.empty()) return {base::Code::kDataLoss, "etcdserver: corrupt: a range has changed"};
    for (const base::ByteView pair : pairs) {
      const size_t used = piece->size();
      piece->resize(used + RangeRead::PairSize(pair));
      RangeRead::WritePair(pair, piece->data() + used);
    }
    pairs_left_ -= pairs.size();
  } while (pairs_left_ > 0 && piece->size() < max);
  if (pairs_left_ > 0) {
    ASSIGN_OR_RETURN(const mvcc::KeyValue last, ParsePair(pairs.back()));
    resume_.assign(last.key).push_back('\0');
  }
  return {};
}

void RangeBody::AddTail(base::Bytes* piece) const {
  const size_t used = piece->size();
  piece->resize(used + RangeRead::TailSize(more_, count_));
  RangeRead::WriteTail(more_, count_, piece->data() + used);
}

}  // namespace kv
