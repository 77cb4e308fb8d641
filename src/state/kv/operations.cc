#include "state/kv/operations.h"

#include <optional>
#include <utility>
#include <vector>

#include "base/errors.h"
#include "base/wire.h"
#include "state/kv/range_walk.h"
#include "state/kv/stored_pair.h"
#include "storage/mvcc/key_range.h"
#include "storage/mvcc/key_value.h"
#include "storage/mvcc/store.h"

namespace kv {
namespace {

constexpr uint32_t kPrevKv = etcdserverpb::PutResponse::kPrevKvFieldNumber;
constexpr uint32_t kDeleted = etcdserverpb::DeleteRangeResponse::kDeletedFieldNumber;
constexpr uint32_t kPrevKvs = etcdserverpb::DeleteRangeResponse::kPrevKvsFieldNumber;

constexpr size_t kSliceKeys = 256;

bool NeedsPrevious(const etcdserverpb::PutRequest& request, const AnswerRoom& room) {
  return (request.prev_kv() && room.wanted()) || request.ignore_value() || request.ignore_lease();
}

}  // namespace

AnswerRoom RoomOf(const WriteContext& context) {
  return AnswerRoom(context.reply_wanted ? context.answer_bytes_max : 0);
}

base::Result<Verdict> CheckPut(const Lessor& lessor, const mvcc::ReadPin& pin,
                               const etcdserverpb::PutRequest& request) {
  if (request.lease() != 0 && !lessor.Exists(base::LeaseId(request.lease()))) {
    return Verdict{base::errors::kLeaseNotFound};
  }
  if (!request.ignore_value() && !request.ignore_lease()) return Verdict{};
  ASSIGN_OR_RETURN(const std::optional<base::ByteView> previous, pin.Get(request.key()));
  if (!previous.has_value()) return Verdict{base::errors::kKeyNotFound};
  return Verdict{};
}

// Other than in a read of its own, a negative revision is one that was compacted.
Verdict CheckRangeInTxn(const mvcc::Store& store, const mvcc::ReadPin& pin,
                        const etcdserverpb::RangeRequest& request) {
  const base::Revision revision(request.revision());
  if (revision == base::Revision(0)) return {};
  if (revision > pin.revision()) return {base::errors::kFutureRevision};
  if (revision < store.compact_revision()) return {base::errors::kCompacted};
  return {};
}

// Compat: what is to be kept may have been deleted by the same transaction, whose checks look at
// the state before it. It is then taken as empty; etcd's process ends.
base::Status ExecutePut(const WriteContext& context, mvcc::WriteTxn& txn,
                        const etcdserverpb::PutRequest& request, AnswerRoom* room,
                        base::Bytes* body) {
  base::ByteView value = request.value();
  base::LeaseId lease(request.lease());
  base::Bytes kept;
  if (NeedsPrevious(request, *room)) {
    ASSIGN_OR_RETURN(const auto pin, txn.Read());
    ASSIGN_OR_RETURN(const std::optional<base::ByteView> found, pin->Get(request.key()));
    if (found.has_value()) {
      kept = *found;
      if (request.prev_kv() && room->Take(kept.size())) {
        base::WireWriter(body).Bytes(kPrevKv, kept);
      }
      ASSIGN_OR_RETURN(const mvcc::KeyValue previous, ParsePair(kept));
      if (request.ignore_value()) value = previous.value;
      if (request.ignore_lease()) lease = previous.lease;
    }
  }
  ++context.counts->puts;
  context.counts->put_bytes += request.key().size() + value.size();
  ASSIGN_OR_RETURN(const base::LeaseId before, txn.Put(request.key(), value, lease));
  if (before == lease) return {};
  if (before != base::LeaseId()) context.lessor->Detach(before, request.key());
  if (lease != base::LeaseId()) context.lessor->Attach(lease, request.key());
  return {};
}

base::Status ExecuteDeleteRange(const WriteContext& context, mvcc::WriteTxn& txn,
                                const etcdserverpb::DeleteRangeRequest& request, AnswerRoom* room,
                                base::Bytes* body) {
  const mvcc::KeyRange range = mvcc::KeyRange::Of(request.key(), request.range_end());
  base::Bytes previous;
  if (request.prev_kv() && room->wanted()) {
    ASSIGN_OR_RETURN(const auto pin, txn.Read());
    RangeWalk walk(pin.get(), range);
    while (!walk.done() && room->wanted()) {
      std::vector<base::ByteView> pairs;
      RETURN_IF_ERROR(walk.Next(kSliceKeys, &pairs));
      for (const base::ByteView encoded : pairs) {
        if (!room->Take(encoded.size())) break;
        base::WireWriter(&previous).Bytes(kPrevKvs, encoded);
      }
    }
  }
  ASSIGN_OR_RETURN(const size_t deleted, DeleteAndDetach(context, txn, range));
  base::WireWriter(body).VarintIfSet(kDeleted, deleted);
  body->append(previous);
  return {};
}

base::Result<size_t> DeleteAndDetach(const WriteContext& context, mvcc::WriteTxn& txn,
                                     const mvcc::KeyRange& range) {
  ++context.counts->deletes;
  ASSIGN_OR_RETURN(const std::vector<mvcc::WriteTxn::Deleted> deleted, txn.DeleteRange(range));
  for (const mvcc::WriteTxn::Deleted& key : deleted) {
    if (key.lease != base::LeaseId()) context.lessor->Detach(key.lease, key.key);
  }
  return deleted.size();
}

}  // namespace kv
