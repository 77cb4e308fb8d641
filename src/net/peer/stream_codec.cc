#include "net/peer/stream_codec.h"

#include "net/peer/append_codec.h"
#include "net/peer/message_codec.h"

namespace peer {

std::unique_ptr<Encoder> NewEncoder(StreamKind kind) {
  if (kind == StreamKind::kAppends) return std::make_unique<AppendEncoder>();
  return std::make_unique<MessageEncoder>();
}

std::unique_ptr<Decoder> NewDecoder(StreamKind kind, const StreamWay& way) {
  if (kind == StreamKind::kAppends) return std::make_unique<AppendDecoder>(way);
  return std::make_unique<MessageDecoder>();
}

}  // namespace peer
