#include "state/kv/txn_response.h"

#include "state/kv/response_writer.h"

namespace kv {
namespace {

// TxnResponse { 1: header, 2: succeeded, 3: responses }
constexpr uint32_t kSucceeded = 2;
constexpr uint32_t kResponses = 3;
// ResponseOp { 1: range, 2: put, 3: delete_range, 4: txn }
constexpr uint32_t kRange = 1;
constexpr uint32_t kPut = 2;
constexpr uint32_t kDeleteRange = 3;
constexpr uint32_t kTxn = 4;

}  // namespace

char* TxnResponse::Add(uint32_t kind, base::Revision revision, size_t body_size) {
  const ResponseHeader header{.cluster = {}, .member = {}, .revision = revision, .term = {}};
  const size_t response_size = HeaderSize(header) + body_size;
  const size_t op_size = BytesSize(kind, response_size);
  const size_t offset = responses_.size();
  responses_.resize(offset + BytesSize(kResponses, op_size));
  char* out = WriteBytesHeader(kResponses, op_size, responses_.data() + offset);
  return WriteHeader(header, WriteBytesHeader(kind, response_size, out));
}

void TxnResponse::Add(uint32_t kind, base::Revision revision, base::ByteView body) {
  body.copy(Add(kind, revision, body.size()), body.size());
}

void TxnResponse::AddRange(base::Revision revision, const RangeRead& read) {
  read.WriteBody(Add(kRange, revision, read.BodySize()));
}

void TxnResponse::AddPut(base::Revision revision, base::ByteView body) {
  Add(kPut, revision, body);
}

void TxnResponse::AddDeleteRange(base::Revision revision, base::ByteView body) {
  Add(kDeleteRange, revision, body);
}

void TxnResponse::AddTxn(base::ByteView body) {
  Add(kTxn, base::Revision(), body);
}

base::Bytes TxnResponse::Body(bool succeeded) const {
  base::Bytes body(NumberSize(kSucceeded, succeeded ? 1 : 0), '\0');
  WriteNumber(kSucceeded, succeeded ? 1 : 0, body.data());
  body.append(responses_);
  return body;
}

}  // namespace kv
