// Any text as JSON of any message: an error or a message, which as JSON again gives the same bytes.
// Any stream of values is cut the same way however it arrives.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/check.h"
#include "net/gateway/json_stream.h"
#include "net/gateway/transcoder.h"
#include "proto/rpc.pb.h"

namespace {

constexpr size_t kMaxValueBytes = 1 << 16;

std::vector<base::Bytes> Cut(base::ByteView text, size_t piece_size) {
  gateway::JsonStream stream(kMaxValueBytes);
  std::vector<base::Bytes> values;
  while (!text.empty()) {
    const base::ByteView piece = text.substr(0, piece_size);
    text.remove_prefix(piece.size());
    stream.Append(piece);
    for (;;) {
      auto value = stream.Next();
      if (!value.ok()) return values;
      if (!value->has_value()) break;
      values.push_back(**value);
    }
  }
  return values;
}

void RoundTrip(const google::protobuf::Descriptor& type, base::ByteView text) {
  const auto binary = gateway::ToBinary(type, text);
  if (!binary.ok()) return;
  const auto json = gateway::ToJson(type, *binary);
  if (!json.ok()) return;
  const auto again = gateway::ToBinary(type, *json);
  CHECK(again.ok());
  const auto same = gateway::ToJson(type, *again);
  CHECK(same.ok() && *same == *json);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0 || size > kMaxValueBytes) return 0;
  const base::ByteView text(reinterpret_cast<const char*>(data + 1), size - 1);
  CHECK(Cut(text, 1 + data[0] % 16) == Cut(text, size));
  RoundTrip(*etcdserverpb::TxnRequest::descriptor(), text);
  RoundTrip(*etcdserverpb::WatchRequest::descriptor(), text);
  RoundTrip(*etcdserverpb::RangeResponse::descriptor(), text);
  return 0;
}
