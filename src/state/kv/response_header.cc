#include "state/kv/response_header.h"

#include "base/wire.h"
#include "proto/rpc.pb.h"

namespace kv {
namespace {

using Field = etcdserverpb::ResponseHeader;

// The same in all responses.
constexpr uint32_t kHeader = etcdserverpb::RangeResponse::kHeaderFieldNumber;
static_assert(kHeader == etcdserverpb::PutResponse::kHeaderFieldNumber);
static_assert(kHeader == etcdserverpb::DeleteRangeResponse::kHeaderFieldNumber);
static_assert(kHeader == etcdserverpb::TxnResponse::kHeaderFieldNumber);
static_assert(kHeader == etcdserverpb::CompactionResponse::kHeaderFieldNumber);
static_assert(kHeader == etcdserverpb::AlarmResponse::kHeaderFieldNumber);

template <typename Writer>
void WriteFields(const ResponseHeader& header, Writer* writer) {
  writer->VarintIfSet(Field::kClusterIdFieldNumber, header.cluster.value());
  writer->VarintIfSet(Field::kMemberIdFieldNumber, header.member.value());
  writer->VarintIfSet(Field::kRevisionFieldNumber, static_cast<uint64_t>(header.revision.value()));
  writer->VarintIfSet(Field::kRaftTermFieldNumber, header.term.value());
}

size_t FieldsSize(const ResponseHeader& header) {
  base::WireCounter counter;
  WriteFields(header, &counter);
  return counter.size();
}

}  // namespace

size_t HeaderSize(const ResponseHeader& header) {
  return base::WireBytesSize(kHeader, FieldsSize(header));
}

char* WriteHeader(const ResponseHeader& header, char* out) {
  base::WireFiller filler(out);
  filler.BytesHeader(kHeader, FieldsSize(header));
  WriteFields(header, &filler);
  return filler.end();
}

}  // namespace kv
