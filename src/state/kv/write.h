#pragma once

#include <cstddef>
#include <vector>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/result.h"
#include "proto/rpc.pb.h"
#include "state/kv/lessor.h"
#include "state/kv/operation_counts.h"
#include "storage/mvcc/store.h"

// What requests do to the keys when they are applied. On the apply loop, one at a time, within the
// log entry that they come with. Requests were checked.

namespace kv {

// What a request is answered: a response without its header, encoded, and the header's revision;
// or why the state forbids it. It follows from the state and the request alone, so that all members
// come to the same.
struct Applied {
  base::Bytes body = {};
  base::Revision revision = {};
  base::Status refusal = {};    // not OK: nothing was changed
  base::Status too_large = {};  // not OK: all was done, but the answer has no room; see AnswerRoom
};

// More than any client takes that has not raised its own limit, and what is made in less than a
// second.
inline constexpr size_t kAnswerBytesMax = size_t{256} << 20;

struct WriteContext {
  mvcc::Store* store;
  Lessor* lessor;
  OperationCounts* counts;  // added to
  // Whether anybody waits for the body; without, reads are left out.
  bool reply_wanted = true;
  size_t answer_bytes_max = kAnswerBytesMax;
};

// Each fails only for a reason of this member's own, such as a record that cannot be read or an
// operation that this version does not know. It may be half done then: the member must stop.

// Refused with kLeaseNotFound; with kKeyNotFound if what is to be kept is not there.
base::Result<Applied> Put(const WriteContext& context, const etcdserverpb::PutRequest& request);
base::Result<Applied> DeleteRange(const WriteContext& context,
                                  const etcdserverpb::DeleteRangeRequest& request);
// Deletes keys, each of which is there, as one change. It has no answer.
base::Status DeleteKeys(const WriteContext& context, const std::vector<base::Bytes>& keys);
// All comparisons, those of nested transactions too, look at the state before; then the branches
// to be taken are checked, and only then carried out, in order. Refused with the first error of an
// operation: as Put is, or with kFutureRevision or kCompacted.
base::Result<Applied> Txn(const WriteContext& context, const etcdserverpb::TxnRequest& request);

}  // namespace kv
