// Any bytes as a part of a stream of pairs: where protobuf reads them too, it reads
// the same.

#include <cstddef>
#include <cstdint>

#include "base/check.h"
#include "client/range_view.h"
#include "proto/rpc.pb.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  client::RangeView view;
  etcdserverpb::RangeStreamResponse message;
  const int bytes = static_cast<int>(size);
  if (!view.ParseFromArray(data, bytes) || !message.ParseFromArray(data, bytes)) return 0;
  const etcdserverpb::RangeResponse& range = message.range_response();
  CHECK(view.header.cluster_id == range.header().cluster_id());
  CHECK(view.header.member_id == range.header().member_id());
  CHECK(view.header.revision == range.header().revision());
  CHECK(view.header.raft_term == range.header().raft_term());
  CHECK(view.more == range.more() && view.count == range.count());
  CHECK(view.kvs.size() == static_cast<size_t>(range.kvs_size()));
  for (size_t i = 0; i < view.kvs.size(); ++i) {
    const client::PairView& kv = view.kvs[i];
    const mvccpb::KeyValue& same = range.kvs(static_cast<int>(i));
    CHECK(kv.key == same.key() && kv.value == same.value());
    CHECK(kv.create_revision == same.create_revision() && kv.mod_revision == same.mod_revision());
    CHECK(kv.version == same.version() && kv.lease == same.lease());
  }
  return 0;
}
