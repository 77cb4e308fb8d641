#include "net/http/stream_history.h"

namespace http {

StreamHistory::Verdict StreamHistory::OnFrame(const FrameHeader& frame) {
  const uint32_t id = frame.stream;
  if (id % 2 == 0) return Verdict::kFine;
  if (frame.kind == FrameKind::kReset) End(id);
  if (frame.kind != FrameKind::kHeaders && frame.kind != FrameKind::kData) return Verdict::kFine;
  if (id > last_) {
    if (frame.kind == FrameKind::kHeaders) Open(id);
  } else if (last_ - id < 2 * kRemembered) {
    if (ids_[PlaceOf(id)] != id) return Verdict::kPassedOver;
    if ((ended_ >> PlaceOf(id) & 1) != 0) return Verdict::kEnded;
  }
  if (frame.ends_stream()) End(id);
  return Verdict::kFine;
}

void StreamHistory::Open(uint32_t id) {
  last_ = id;
  ids_[PlaceOf(id)] = id;
  ended_ &= ~(1U << PlaceOf(id));
}

void StreamHistory::End(uint32_t id) {
  if (ids_[PlaceOf(id)] == id) ended_ |= 1U << PlaceOf(id);
}

}  // namespace http
