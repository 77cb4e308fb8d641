#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "api/watch/interests.h"
#include "base/bytes.h"
#include "base/shared_bytes.h"
#include "state/kv/response_header.h"
#include "storage/mvcc/reads.h"
#include "storage/mvcc/recent_revisions.h"

namespace watch {

// Some changes in a row as the watchers of a group are told of them: encoded once for each
// interest, however many watchers share it.
class EventBatch {
 public:
  // `number` is above that of all batches before.
  explicit EventBatch(uint64_t number) : number_(number) {}

  // What one interest is told.
  struct Part {
    Interest* interest;       // null once it is gone
    base::Bytes events = {};  // as fields of WatchResponse, encoded
    size_t count = 0;         // of events
    // Frames by watch id: watchers of several streams have the same names.
    std::unordered_map<int64_t, base::SharedBytes> frames = {};
    size_t frame_bytes = 0;
  };

  // Adds the next change for those of `interests` that wish for it. What was before it is read from
  // `reads`, if somebody wishes for that.
  void Add(const Interests& interests, const mvcc::StoredChange& change, mvcc::Reads& reads);
  // Nobody shares that interest any more.
  void Drop(const Interest& interest);

  uint64_t number() const { return number_; }
  std::vector<Part>& parts() { return parts_; }
  // Of all events.
  size_t bytes() const { return bytes_; }

  // What `watcher` of that part is sent: one frame, or several if the answer reaches
  // `fragment_bytes` and may be split.
  static base::SharedBytes FramesFor(Part& part, const Watcher& watcher,
                                     const kv::ResponseHeader& header, size_t fragment_bytes);

 private:
  Part& PartOf(Interest& interest);

  const uint64_t number_;
  std::vector<Part> parts_;
  size_t bytes_ = 0;
};

}  // namespace watch
