#include "api/watch/answer.h"

#include "base/wire.h"
#include "net/rpc/message.h"
#include "proto/kv.pb.h"
#include "proto/rpc.pb.h"

namespace watch {
namespace {

using etcdserverpb::WatchResponse;
using mvccpb::Event;

constexpr bool kMoreFollows = true;

// What the answer says besides its events.
base::Bytes Head(const kv::ResponseHeader& header, int64_t id, bool more_follows) {
  base::Bytes head(kv::HeaderSize(header), '\0');
  kv::WriteHeader(header, head.data());
  base::WireWriter out(&head);
  out.VarintIfSet(WatchResponse::kWatchIdFieldNumber, static_cast<uint64_t>(id));
  if (more_follows) out.Bool(WatchResponse::kFragmentFieldNumber, true);
  return head;
}

void AppendFrame(base::ByteView head, base::ByteView events, base::Bytes* frames) {
  const base::Bytes prefix = rpc::MessagePrefix(head.size() + events.size());
  frames->append(prefix).append(head).append(events);
}

// How many bytes the next events take that fit into `room`, the first in any case.
size_t Fitting(base::ByteView events, size_t room) {
  size_t size = 0;
  base::WireReader reader(events);
  while (reader.Next()) {
    const size_t event = base::WireBytesSize(reader.field(), reader.bytes().size());
    if (size > 0 && size + event >= room) break;
    size += event;
  }
  return size;
}

bool HasOne(base::ByteView events) {
  return Fitting(events, 0) == events.size();
}

}  // namespace

void AppendPut(base::ByteView key_value, base::ByteView previous, base::Bytes* events) {
  size_t size = base::WireBytesSize(Event::kKvFieldNumber, key_value.size());
  if (!previous.empty()) size += base::WireBytesSize(Event::kPrevKvFieldNumber, previous.size());
  base::WireWriter out(events);
  out.BytesHeader(WatchResponse::kEventsFieldNumber, size);
  out.Bytes(Event::kKvFieldNumber, key_value);
  out.BytesIfSet(Event::kPrevKvFieldNumber, previous);
}

void AppendDelete(base::ByteView key, int64_t revision, base::ByteView previous,
                  base::Bytes* events) {
  using mvccpb::KeyValue;
  const auto modified = static_cast<uint64_t>(revision);
  const size_t kv_size = base::WireBytesSize(KeyValue::kKeyFieldNumber, key.size()) +
                         base::WireVarintSize(KeyValue::kModRevisionFieldNumber, modified);
  size_t size = base::WireVarintSize(Event::kTypeFieldNumber, Event::DELETE) +
                base::WireBytesSize(Event::kKvFieldNumber, kv_size);
  if (!previous.empty()) size += base::WireBytesSize(Event::kPrevKvFieldNumber, previous.size());
  base::WireWriter out(events);
  out.BytesHeader(WatchResponse::kEventsFieldNumber, size);
  out.Varint(Event::kTypeFieldNumber, Event::DELETE);
  out.BytesHeader(Event::kKvFieldNumber, kv_size);
  out.Bytes(KeyValue::kKeyFieldNumber, key);
  out.Varint(KeyValue::kModRevisionFieldNumber, modified);
  out.BytesIfSet(Event::kPrevKvFieldNumber, previous);
}

base::SharedBytes EncodeEvents(const kv::ResponseHeader& header, int64_t id,
                               base::ByteView events) {
  base::Bytes frame;
  AppendFrame(Head(header, id, !kMoreFollows), events, &frame);
  return base::SharedBytes(frame);
}

bool IsLong(const kv::ResponseHeader& header, int64_t id, base::ByteView events, size_t limit) {
  if (Head(header, id, !kMoreFollows).size() + events.size() < limit) return false;
  return !HasOne(events);
}

base::SharedBytes EncodeFragments(const kv::ResponseHeader& header, int64_t id,
                                  base::ByteView events, size_t limit) {
  base::Bytes frames;
  const base::Bytes head = Head(header, id, kMoreFollows);
  const size_t room = limit > head.size() ? limit - head.size() : 0;
  while (!events.empty()) {
    const size_t size = Fitting(events, room);
    const bool is_last = size == events.size();
    AppendFrame(is_last ? Head(header, id, !kMoreFollows) : head, events.substr(0, size), &frames);
    events.remove_prefix(size);
  }
  return base::SharedBytes(frames);
}

}  // namespace watch
