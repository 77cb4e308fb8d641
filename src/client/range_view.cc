#include "client/range_view.h"

#include "base/wire.h"
#include "proto/rpc.pb.h"

namespace client {
namespace {

using Header = etcdserverpb::ResponseHeader;
using Pair = mvccpb::KeyValue;
using Range = etcdserverpb::RangeResponse;

constexpr uint32_t kRange = etcdserverpb::RangeStreamResponse::kRangeResponseFieldNumber;

bool Read(base::ByteView bytes, etcd::ResponseHeader* header) {
  base::WireReader reader(bytes);
  while (reader.Next()) {
    switch (reader.field()) {
      case Header::kClusterIdFieldNumber:
        header->cluster_id = reader.varint();
        break;
      case Header::kMemberIdFieldNumber:
        header->member_id = reader.varint();
        break;
      case Header::kRevisionFieldNumber:
        header->revision = static_cast<int64_t>(reader.varint());
        break;
      case Header::kRaftTermFieldNumber:
        header->raft_term = reader.varint();
        break;
      default:
        break;
    }
  }
  return reader.ok();
}

bool Read(base::ByteView bytes, PairView* kv) {
  base::WireReader reader(bytes);
  while (reader.Next()) {
    switch (reader.field()) {
      case Pair::kKeyFieldNumber:
        kv->key = reader.bytes();
        break;
      case Pair::kCreateRevisionFieldNumber:
        kv->create_revision = static_cast<int64_t>(reader.varint());
        break;
      case Pair::kModRevisionFieldNumber:
        kv->mod_revision = static_cast<int64_t>(reader.varint());
        break;
      case Pair::kVersionFieldNumber:
        kv->version = static_cast<int64_t>(reader.varint());
        break;
      case Pair::kValueFieldNumber:
        kv->value = reader.bytes();
        break;
      case Pair::kLeaseFieldNumber:
        kv->lease = static_cast<int64_t>(reader.varint());
        break;
      default:
        break;
    }
  }
  return reader.ok();
}

bool Read(base::ByteView bytes, RangeView* range) {
  base::WireReader reader(bytes);
  while (reader.Next()) {
    switch (reader.field()) {
      case Range::kHeaderFieldNumber:
        if (!Read(reader.bytes(), &range->header)) return false;
        break;
      case Range::kKvsFieldNumber:
        if (!Read(reader.bytes(), &range->kvs.emplace_back())) return false;
        break;
      case Range::kMoreFieldNumber:
        range->more = reader.varint() != 0;
        break;
      case Range::kCountFieldNumber:
        range->count = static_cast<int64_t>(reader.varint());
        break;
      default:
        break;
    }
  }
  return reader.ok();
}

}  // namespace

bool RangeView::ParseFromArray(const void* data, int size) {
  base::WireReader reader({static_cast<const char*>(data), static_cast<size_t>(size)});
  while (reader.Next()) {
    if (reader.field() == kRange && !Read(reader.bytes(), this)) return false;
  }
  return reader.ok();
}

PairView ViewOf(const etcd::KeyValue& kv) {
  return {kv.key, kv.create_revision, kv.mod_revision, kv.version, kv.value, kv.lease};
}

RangeView ViewOf(const etcd::GetResponse& response) {
  RangeView view = {.header = response.header, .more = response.more, .count = response.count};
  view.kvs.reserve(response.kvs.size());
  for (const etcd::KeyValue& kv : response.kvs) view.kvs.push_back(ViewOf(kv));
  return view;
}

}  // namespace client
