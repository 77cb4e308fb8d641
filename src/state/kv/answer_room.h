#pragma once

#include <cstddef>
#include <string>

#include "base/status.h"

namespace kv {

// What room there is for the answer to one write request. The answer is made while the request is
// carried out, so that a small request could have apply make one of any size: a transaction of many
// ranges, or a deletion that returns what it deletes. What is too large is made no further; the
// request is carried out all the same, since others may have no use for an answer.
class AnswerRoom {
 public:
  // `bytes`: 0 if nobody waits for the answer.
  explicit AnswerRoom(size_t bytes) : max_(bytes), left_(bytes) {}

  // Whether what is read for the answer alone should be read.
  bool wanted() const { return left_ > 0; }
  // Takes room for a part of the answer; false, now and from then on, if there is too little.
  bool Take(size_t bytes) {
    const bool fits = bytes < left_;
    left_ = fits ? left_ - bytes : 0;
    return fits;
  }
  // kResourceExhausted if the answer is too large.
  base::Status status() const {
    if (max_ == 0 || left_ > 0) return {};
    return {base::Code::kResourceExhausted,
            "the request was carried out, but its answer has more than " + std::to_string(max_) +
                " bytes"};
  }

 private:
  const size_t max_;
  size_t left_;
};

}  // namespace kv
