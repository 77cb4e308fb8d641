#include "state/kv/write.h"

#include <utility>

#include "base/errors.h"
#include "state/kv/operations.h"
#include "storage/mvcc/write_txn.h"

namespace kv {

base::Result<Applied> Put(const WriteContext& context, const etcdserverpb::PutRequest& request) {
  const bool conditional = request.lease() != 0 || request.ignore_value() || request.ignore_lease();
  if (conditional) {
    ASSIGN_OR_RETURN(const auto pin, context.store->apply_reads().Pin(base::Revision(0)));
    ASSIGN_OR_RETURN(Verdict verdict, CheckPut(*context.lessor, *pin, request));
    if (!verdict.refusal.ok()) return Applied{.refusal = std::move(verdict.refusal)};
  }
  Applied applied;
  mvcc::WriteTxn txn = context.store->Write();
  AnswerRoom room = RoomOf(context);
  RETURN_IF_ERROR(ExecutePut(context, txn, request, &room, &applied.body));
  applied.revision = txn.revision();
  return applied;
}

base::Result<Applied> DeleteRange(const WriteContext& context,
                                  const etcdserverpb::DeleteRangeRequest& request) {
  Applied applied;
  mvcc::WriteTxn txn = context.store->Write();
  AnswerRoom room = RoomOf(context);
  RETURN_IF_ERROR(ExecuteDeleteRange(context, txn, request, &room, &applied.body));
  applied.too_large = room.status();
  applied.revision = txn.revision();
  return applied;
}

base::Status DeleteKeys(const WriteContext& context, const std::vector<base::Bytes>& keys) {
  mvcc::WriteTxn txn = context.store->Write();
  for (const base::Bytes& key : keys) {
    RETURN_IF_ERROR(DeleteAndDetach(context, txn, mvcc::KeyRange::Of(key, {})).status());
  }
  if (keys.size() > 1) ++context.counts->txns;
  return {};
}

}  // namespace kv
