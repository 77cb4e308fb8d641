#include "api/watch/event_batch.h"

#include <optional>

#include "api/watch/answer.h"
#include "storage/mvcc/key_value.h"

namespace watch {
namespace {

// Frames of one part that are kept for further watchers, at most.
constexpr size_t kKeptFrameBytes = 1 << 20;

// A change, and what is told of it.
class Change {
 public:
  Change(const mvcc::StoredChange& stored, mvcc::Reads& reads) : stored_(stored), reads_(reads) {}

  void AppendTo(base::Bytes* events, bool with_previous) {
    if (!stored_.is_tombstone) {
      return AppendPut(stored_.key_value, with_previous ? previous() : base::ByteView(), events);
    }
    AppendDelete(key(), stored_.revision.main, with_previous ? previous() : base::ByteView(),
                 events);
  }
  base::ByteView key() {
    if (!key_.has_value()) key_ = mvcc::ParseKey(stored_.key_value).value_or(base::ByteView());
    return *key_;
  }

 private:
  // Compat: what was there before the request that made the change; nothing if that cannot be read,
  // be it that it was compacted.
  base::ByteView previous() {
    if (!previous_.has_value()) {
      previous_.emplace();
      ReadPrevious();
    }
    return *previous_;
  }
  void ReadPrevious() {
    const auto pin = reads_.Pin(base::Revision(stored_.revision.main - 1));
    if (!pin.ok()) return;
    const auto found = (*pin)->Get(key());
    if (found.ok() && found->has_value()) *previous_ = **found;
  }

  const mvcc::StoredChange& stored_;
  mvcc::Reads& reads_;
  std::optional<base::ByteView> key_;
  std::optional<base::Bytes> previous_;
};

}  // namespace

void EventBatch::Add(const Interests& interests, const mvcc::StoredChange& stored,
                     mvcc::Reads& reads) {
  Change change(stored, reads);
  interests.ForEachOf(change.key(), [&](Interest& interest) {
    if (!interest.wish->Wants(stored.is_tombstone)) return;
    Part& part = PartOf(interest);
    const size_t before = part.events.size();
    change.AppendTo(&part.events, interest.wish->prev_kv);
    bytes_ += part.events.size() - before;
    ++part.count;
  });
}

void EventBatch::Drop(const Interest& interest) {
  if (interest.batch == number_) parts_[interest.part].interest = nullptr;
}

EventBatch::Part& EventBatch::PartOf(Interest& interest) {
  if (interest.batch != number_) {
    interest.batch = number_;
    interest.part = parts_.size();
    parts_.push_back({.interest = &interest});
  }
  return parts_[interest.part];
}

base::SharedBytes EventBatch::FramesFor(Part& part, const Watcher& watcher,
                                        const kv::ResponseHeader& header, size_t fragment_bytes) {
  if (watcher.fragments && IsLong(header, watcher.id, part.events, fragment_bytes)) {
    return EncodeFragments(header, watcher.id, part.events, fragment_bytes);
  }
  if (const auto found = part.frames.find(watcher.id); found != part.frames.end()) {
    return found->second;
  }
  base::SharedBytes frame = EncodeEvents(header, watcher.id, part.events);
  if (part.interest->watchers.size() > 1 && part.frame_bytes + frame.size() <= kKeptFrameBytes) {
    part.frame_bytes += frame.size();
    part.frames.emplace(watcher.id, frame);
  }
  return frame;
}

}  // namespace watch
