#include "storage/image/sorted_run.h"

#include <iterator>
#include <utility>

namespace image {

base::Result<std::optional<snap::Record>> SortedRun::Next() {
  if (portion_.empty() && (!began_ || left_out_)) RETURN_IF_ERROR(FindPortion());
  if (portion_.empty()) return std::optional<snap::Record>();
  lent_ = portion_.extract(portion_.begin());
  return std::optional(snap::Record{lent_.key(), lent_.mapped()});
}

base::Status SortedRun::FindPortion() {
  const std::optional<base::Bytes> from = std::exchange(left_out_, std::nullopt);
  began_ = true;
  kept_key_bytes_ = 0;
  RETURN_IF_ERROR(cursor_.Seek(prefix_));
  while (cursor_.valid() && cursor_.key().starts_with(prefix_)) {
    if (!from || cursor_.key() >= *from) KeepIfSmall(cursor_.key(), cursor_.value());
    RETURN_IF_ERROR(cursor_.Next());
  }
  return {};
}

void SortedRun::KeepIfSmall(base::ByteView key, base::ByteView value) {
  if (left_out_ && key > base::ByteView(*left_out_)) return;
  portion_.emplace(key, value);
  kept_key_bytes_ += key.size();
  while (kept_key_bytes_ > portion_key_bytes_ && portion_.size() > 1) {
    const auto largest = std::prev(portion_.end());
    kept_key_bytes_ -= largest->first.size();
    left_out_ = largest->first;
    portion_.erase(largest);
  }
}

}  // namespace image
