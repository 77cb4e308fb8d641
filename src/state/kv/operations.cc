#include "state/kv/operations.h"

#include <optional>
#include <utility>
#include <vector>

#include "base/errors.h"
#include "base/wire.h"
#include "storage/mvcc/key_value.h"

namespace kv {
namespace {

// PutResponse { 1: header, 2: prev_kv }
constexpr uint32_t kPrevKv = 2;
// DeleteRangeResponse { 1: header, 2: deleted, 3: prev_kvs }
constexpr uint32_t kDeleted = 2;
constexpr uint32_t kPrevKvs = 3;

bool NeedsPrevious(const etcdserverpb::PutRequest& request) {
  return request.prev_kv() || request.ignore_value() || request.ignore_lease();
}

}  // namespace

base::Status CheckPut(const Lessor& lessor, const mvcc::ReadPin& pin,
                      const etcdserverpb::PutRequest& request) {
  if (request.lease() != 0 && !lessor.Exists(base::LeaseId(request.lease()))) {
    return base::errors::kLeaseNotFound;
  }
  if (!request.ignore_value() && !request.ignore_lease()) return {};
  ASSIGN_OR_RETURN(const std::optional<base::ByteView> previous, pin.Get(request.key()));
  return previous.has_value() ? base::Status() : base::errors::kKeyNotFound;
}

base::Status ExecutePut(const WriteContext& context, mvcc::WriteTxn& txn,
                        const etcdserverpb::PutRequest& request, base::Bytes* body) {
  base::ByteView value = request.value();
  base::LeaseId lease(request.lease());
  base::Bytes kept;
  if (NeedsPrevious(request)) {
    ASSIGN_OR_RETURN(const auto pin, txn.Read());
    ASSIGN_OR_RETURN(const std::optional<base::ByteView> found, pin->Get(request.key()));
    if (found.has_value()) {
      kept = *found;
      if (request.prev_kv()) base::WireWriter(body).Bytes(kPrevKv, kept);
      const std::optional<mvcc::KeyValue> previous = mvcc::ParseKeyValue(kept);
      if (!previous.has_value()) return {base::Code::kDataLoss, "a pair cannot be decoded"};
      if (request.ignore_value()) value = previous->value;
      if (request.ignore_lease()) lease = previous->lease;
    }
  }
  ASSIGN_OR_RETURN(const base::LeaseId before, txn.Put(request.key(), value, lease));
  if (before == lease) return {};
  if (before != base::LeaseId()) context.lessor->Detach(before, request.key());
  if (lease != base::LeaseId()) context.lessor->Attach(lease, request.key());
  return {};
}

base::Status ExecuteDeleteRange(const WriteContext& context, mvcc::WriteTxn& txn,
                                const etcdserverpb::DeleteRangeRequest& request,
                                base::Bytes* body) {
  const mvcc::KeyRange range = mvcc::KeyRange::Of(request.key(), request.range_end());
  base::Bytes previous;
  if (request.prev_kv() && context.reply_wanted) {
    ASSIGN_OR_RETURN(const auto pin, txn.Read());
    ASSIGN_OR_RETURN(const mvcc::RangeResult found, pin->Range(range, 0));
    base::WireWriter writer(&previous);
    for (const base::ByteView encoded : found.key_values) writer.Bytes(kPrevKvs, encoded);
  }
  ASSIGN_OR_RETURN(const std::vector<mvcc::WriteTxn::Deleted> deleted, txn.DeleteRange(range));
  for (const mvcc::WriteTxn::Deleted& key : deleted) {
    if (key.lease != base::LeaseId()) context.lessor->Detach(key.lease, key.key);
  }
  base::WireWriter(body).VarintIfSet(kDeleted, deleted.size());
  body->append(previous);
  return {};
}

}  // namespace kv
