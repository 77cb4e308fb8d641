#include "state/kv/txn_response.h"

#include "base/wire.h"
#include "proto/rpc.pb.h"
#include "state/kv/response_header.h"

namespace kv {
namespace {

using etcdserverpb::ResponseOp;

constexpr uint32_t kResponses = etcdserverpb::TxnResponse::kResponsesFieldNumber;

}  // namespace

char* TxnResponse::Add(uint32_t kind, base::Revision revision, size_t body_size) {
  const ResponseHeader header{.cluster = {}, .member = {}, .revision = revision, .term = {}};
  const size_t response_size = HeaderSize(header) + body_size;
  const size_t op_size = base::WireBytesSize(kind, response_size);
  const size_t offset = responses_.size();
  responses_.resize(offset + base::WireBytesSize(kResponses, op_size));
  base::WireFiller filler(responses_.data() + offset);
  filler.BytesHeader(kResponses, op_size);
  filler.BytesHeader(kind, response_size);
  return WriteHeader(header, filler.end());
}

void TxnResponse::Add(uint32_t kind, base::Revision revision, base::ByteView body) {
  body.copy(Add(kind, revision, body.size()), body.size());
}

void TxnResponse::AddRange(base::Revision revision, const RangeRead& read) {
  read.WriteBody(Add(ResponseOp::kResponseRangeFieldNumber, revision, read.BodySize()));
}

void TxnResponse::AddPut(base::Revision revision, base::ByteView body) {
  Add(ResponseOp::kResponsePutFieldNumber, revision, body);
}

void TxnResponse::AddDeleteRange(base::Revision revision, base::ByteView body) {
  Add(ResponseOp::kResponseDeleteRangeFieldNumber, revision, body);
}

void TxnResponse::AddTxn(base::ByteView body) {
  Add(ResponseOp::kResponseTxnFieldNumber, base::Revision(), body);
}

base::Bytes TxnResponse::Body(bool succeeded) const {
  base::Bytes body;
  base::WireWriter(&body).VarintIfSet(etcdserverpb::TxnResponse::kSucceededFieldNumber,
                                      succeeded ? 1 : 0);
  body.append(responses_);
  return body;
}

}  // namespace kv
