#include "state/kv/txn_response.h"

#include "base/wire.h"
#include "proto/rpc.pb.h"
#include "state/kv/response_header.h"

namespace kv {
namespace {

using etcdserverpb::ResponseOp;

constexpr uint32_t kResponses = etcdserverpb::TxnResponse::kResponsesFieldNumber;
constexpr uint32_t kSucceeded = etcdserverpb::TxnResponse::kSucceededFieldNumber;
constexpr uint32_t kRange = ResponseOp::kResponseRangeFieldNumber;

// A ResponseOp of that kind, whose response has a header and `body_size` further bytes.
class Op {
 public:
  Op(uint32_t kind, base::Revision revision, size_t body_size)
      : kind_(kind),
        header_{.cluster = {}, .member = {}, .revision = revision, .term = {}},
        response_size_(HeaderSize(header_) + body_size),
        op_size_(base::WireBytesSize(kind, response_size_)) {}

  size_t size() const { return base::WireBytesSize(kResponses, op_size_); }
  // All but the body, which belongs where this returns.
  char* WriteBegin(char* out) const {
    base::WireFiller filler(out);
    filler.BytesHeader(kResponses, op_size_);
    filler.BytesHeader(kind_, response_size_);
    return WriteHeader(header_, filler.end());
  }

 private:
  const uint32_t kind_;
  const ResponseHeader header_;
  const size_t response_size_;
  const size_t op_size_;
};

}  // namespace

size_t TxnResponse::BeginSize(bool succeeded) {
  return succeeded ? base::WireVarintSize(kSucceeded, 1) : 0;
}

char* TxnResponse::WriteBegin(bool succeeded, char* out) {
  base::WireFiller filler(out);
  filler.VarintIfSet(kSucceeded, succeeded ? 1 : 0);
  return filler.end();
}

size_t TxnResponse::RangeSize(base::Revision revision, const RangeRead& read) {
  return Op(kRange, revision, read.BodySize()).size();
}

char* TxnResponse::WriteRange(base::Revision revision, const RangeRead& read, char* out) {
  return read.WriteBody(Op(kRange, revision, read.BodySize()).WriteBegin(out));
}

char* TxnResponse::Add(uint32_t kind, base::Revision revision, size_t body_size) {
  const Op op(kind, revision, body_size);
  const size_t offset = responses_.size();
  responses_.resize(offset + op.size());
  return op.WriteBegin(responses_.data() + offset);
}

void TxnResponse::Add(uint32_t kind, base::Revision revision, base::ByteView body) {
  body.copy(Add(kind, revision, body.size()), body.size());
}

void TxnResponse::AddRange(base::Revision revision, const RangeRead& read) {
  read.WriteBody(Add(kRange, revision, read.BodySize()));
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
  base::Bytes body(BeginSize(succeeded), '\0');
  WriteBegin(succeeded, body.data());
  body.append(responses_);
  return body;
}

}  // namespace kv
