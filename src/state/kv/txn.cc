#include <memory>
#include <utility>
#include <vector>

#include "base/errors.h"
#include "base/wire.h"
#include "state/kv/compare.h"
#include "state/kv/operations.h"
#include "state/kv/range.h"
#include "state/kv/response_writer.h"
#include "state/kv/write.h"
#include "storage/mvcc/write_txn.h"

namespace kv {
namespace {

using etcdserverpb::RequestOp;
using etcdserverpb::TxnRequest;
using Ops = google::protobuf::RepeatedPtrField<RequestOp>;

// TxnResponse { 1: header, 2: succeeded, 3: responses }
constexpr uint32_t kSucceeded = 2;
constexpr uint32_t kResponses = 3;
// ResponseOp { 1: range, 2: put, 3: delete_range, 4: txn }
constexpr uint32_t kRange = 1;
constexpr uint32_t kPut = 2;
constexpr uint32_t kDeleteRange = 3;
constexpr uint32_t kTxn = 4;

// The branch that a transaction takes, and those of the transactions within it, in their order.
struct Plan {
  bool succeeded = false;
  const Ops* ops = nullptr;
  std::vector<Plan> nested;
};

base::Result<Plan> PlanOf(const mvcc::ReadPin& pin, const TxnRequest& request) {
  Plan plan;
  ASSIGN_OR_RETURN(plan.succeeded, AllHold(pin, request.compare()));
  plan.ops = plan.succeeded ? &request.success() : &request.failure();
  for (const RequestOp& op : *plan.ops) {
    if (!op.has_request_txn()) continue;
    ASSIGN_OR_RETURN(Plan nested, PlanOf(pin, op.request_txn()));
    plan.nested.push_back(std::move(nested));
  }
  return plan;
}

// Other than in a read of its own, a negative revision is one that was compacted.
base::Status CheckRevision(mvcc::Store& store, int64_t revision) {
  if (revision == 0) return {};
  if (revision > store.revision().value()) return base::errors::kFutureRevision;
  if (revision < store.compact_revision().value()) return base::errors::kCompacted;
  return {};
}

// `lessor` may be null for a plan that only reads.
base::Status CheckPlan(mvcc::Store& store, const Lessor* lessor, const mvcc::ReadPin& pin,
                       const Plan& plan) {
  auto nested = plan.nested.begin();
  for (const RequestOp& op : *plan.ops) {
    if (op.has_request_range()) {
      RETURN_IF_ERROR(CheckRevision(store, op.request_range().revision()));
    } else if (op.has_request_put()) {
      RETURN_IF_ERROR(CheckPut(*lessor, pin, op.request_put()));
    } else if (op.has_request_txn()) {
      RETURN_IF_ERROR(CheckPlan(store, lessor, pin, *nested++));
    }
  }
  return {};
}

// A response within a transaction; its header has the revision alone.
void AppendResponse(uint32_t kind, base::Revision revision, base::ByteView body,
                    base::Bytes* responses) {
  const ResponseHeader header{.cluster = {}, .member = {}, .revision = revision, .term = {}};
  const size_t size = HeaderSize(header) + body.size();
  base::WireWriter writer(responses);
  writer.BytesHeader(kResponses, BytesSize(kind, size));
  writer.BytesHeader(kind, size);
  const size_t offset = responses->size();
  responses->resize(offset + HeaderSize(header));
  WriteHeader(header, responses->data() + offset);
  responses->append(body);
}

base::Result<base::Bytes> ReadAll(RangeRead read) {
  for (bool done = false; !done;) {
    ASSIGN_OR_RETURN(done, read.Step());
  }
  base::Bytes body(read.BodySize(), '\0');
  read.WriteBody(body.data());
  return body;
}

void AppendTxn(const Plan& plan, base::ByteView responses, base::Bytes* body) {
  base::WireWriter writer(body);
  writer.VarintIfSet(kSucceeded, plan.succeeded ? 1 : 0);
  body->append(responses);
}

// Carries a plan out within one write transaction.
class Execution {
 public:
  Execution(const WriteContext& context, mvcc::WriteTxn* txn) : context_(context), txn_(*txn) {}

  base::Status Run(const Plan& plan, base::Bytes* responses) {
    auto nested = plan.nested.begin();
    for (const RequestOp& op : *plan.ops) {
      switch (op.request_case()) {
        case RequestOp::kRequestRange:
          RETURN_IF_ERROR(RunRange(op.request_range(), responses));
          break;
        case RequestOp::kRequestPut:
          RETURN_IF_ERROR(RunPut(op.request_put(), responses));
          break;
        case RequestOp::kRequestDeleteRange:
          RETURN_IF_ERROR(RunDeleteRange(op.request_delete_range(), responses));
          break;
        case RequestOp::kRequestTxn:
          RETURN_IF_ERROR(RunTxn(*nested++, responses));
          break;
        case RequestOp::REQUEST_NOT_SET:
          break;
      }
    }
    return {};
  }

 private:
  base::Status RunRange(const etcdserverpb::RangeRequest& request, base::Bytes* responses) {
    if (!context_.reply_wanted) return {};
    base::Result<std::unique_ptr<mvcc::ReadPin>> pin =
        request.revision() > 0 ? context_.store->Pin(base::Revision(request.revision()))
                               : txn_.Read();
    RETURN_IF_ERROR(pin.status());
    ASSIGN_OR_RETURN(const base::Bytes body,
                     ReadAll(RangeRead(*std::move(pin), txn_.revision(), request)));
    AppendResponse(kRange, txn_.revision(), body, responses);
    return {};
  }
  base::Status RunPut(const etcdserverpb::PutRequest& request, base::Bytes* responses) {
    base::Bytes body;
    RETURN_IF_ERROR(ExecutePut(context_, txn_, request, &body));
    AppendResponse(kPut, txn_.revision(), body, responses);
    return {};
  }
  base::Status RunDeleteRange(const etcdserverpb::DeleteRangeRequest& request,
                              base::Bytes* responses) {
    base::Bytes body;
    RETURN_IF_ERROR(ExecuteDeleteRange(context_, txn_, request, &body));
    AppendResponse(kDeleteRange, txn_.revision(), body, responses);
    return {};
  }
  // Its header is there and empty.
  base::Status RunTxn(const Plan& plan, base::Bytes* responses) {
    base::Bytes inner;
    RETURN_IF_ERROR(Run(plan, &inner));
    base::Bytes body;
    AppendTxn(plan, inner, &body);
    AppendResponse(kTxn, base::Revision(), body, responses);
    return {};
  }

  const WriteContext& context_;
  mvcc::WriteTxn& txn_;
};

}  // namespace

base::Result<Applied> Txn(const WriteContext& context, const TxnRequest& request) {
  Plan plan;
  {
    ASSIGN_OR_RETURN(const auto pin, context.store->Pin(base::Revision(0)));
    ASSIGN_OR_RETURN(plan, PlanOf(*pin, request));
    RETURN_IF_ERROR(CheckPlan(*context.store, context.lessor, *pin, plan));
  }
  mvcc::WriteTxn txn = context.store->Write();
  base::Bytes responses;
  RETURN_IF_ERROR(Execution(context, &txn).Run(plan, &responses));
  Applied applied;
  AppendTxn(plan, responses, &applied.body);
  applied.revision = txn.revision();
  return applied;
}

base::Result<Applied> ReadOnlyTxn(mvcc::Store& store, const TxnRequest& request) {
  ASSIGN_OR_RETURN(const auto pin, store.Pin(base::Revision(0)));
  ASSIGN_OR_RETURN(const Plan plan, PlanOf(*pin, request));
  RETURN_IF_ERROR(CheckPlan(store, nullptr, *pin, plan));
  base::Bytes responses;
  for (const RequestOp& op : *plan.ops) {
    // All at one revision, whatever is written meanwhile.
    const int64_t revision = op.request_range().revision();
    ASSIGN_OR_RETURN(auto view,
                     store.Pin(revision > 0 ? base::Revision(revision) : pin->revision()));
    ASSIGN_OR_RETURN(const base::Bytes body,
                     ReadAll(RangeRead(std::move(view), pin->revision(), op.request_range())));
    AppendResponse(kRange, pin->revision(), body, &responses);
  }
  Applied applied;
  AppendTxn(plan, responses, &applied.body);
  applied.revision = pin->revision();
  return applied;
}

}  // namespace kv
