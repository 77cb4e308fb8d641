#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>

#include "base/bytes.h"

namespace peer {

// Gathers a run of bytes of known length that arrives in pieces, and keeps no more than what has
// arrived of it.
class PartialBytes {
 public:
  // Takes from the front of `*in` what is missing of a run of `size` bytes. The run once it is
  // whole, valid until the next call and as long as what `*in` showed; nothing, with `*in` empty,
  // before.
  std::optional<base::ByteView> Take(size_t size, base::ByteView* in) {
    if (is_whole_) {
      kept_.clear();
      if (kept_.capacity() > kCapacityKept) kept_.shrink_to_fit();
      is_whole_ = false;
    }
    const size_t missing = std::min(size - kept_.size(), in->size());
    const base::ByteView piece = in->substr(0, missing);
    in->remove_prefix(missing);
    if (piece.size() == size) return piece;
    kept_.append(piece);
    if (kept_.size() < size) return std::nullopt;
    is_whole_ = true;
    return kept_;
  }

 private:
  static constexpr size_t kCapacityKept = 64 << 10;

  base::Bytes kept_;
  bool is_whole_ = false;  // kept_ was returned
};

}  // namespace peer
