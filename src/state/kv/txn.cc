#include <memory>
#include <utility>
#include <vector>

#include "state/kv/compare.h"
#include "state/kv/operations.h"
#include "state/kv/range.h"
#include "state/kv/txn_response.h"
#include "state/kv/write.h"
#include "storage/mvcc/write_txn.h"

namespace kv {
namespace {

using etcdserverpb::RequestOp;
using etcdserverpb::TxnRequest;
using Ops = google::protobuf::RepeatedPtrField<RequestOp>;

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

// Carries a plan out within one write transaction.
class Execution {
 public:
  explicit Execution(const WriteContext* context) : context_(*context), room_(RoomOf(*context)) {}

  // Why the plan cannot be carried out on the state that `pin` sees, which is that before it.
  base::Result<Verdict> Check(const mvcc::ReadPin& pin, const Plan& plan) const {
    auto nested = plan.nested.begin();
    for (const RequestOp& op : *plan.ops) {
      Verdict verdict;
      if (op.has_request_range()) {
        verdict = CheckRangeInTxn(*context_.store, pin, op.request_range());
      } else if (op.has_request_put()) {
        ASSIGN_OR_RETURN(verdict, CheckPut(*context_.lessor, pin, op.request_put()));
      } else if (op.has_request_txn()) {
        ASSIGN_OR_RETURN(verdict, Check(pin, *nested++));
      }
      if (!verdict.refusal.ok()) return verdict;
    }
    return Verdict{};
  }

  base::Result<base::Bytes> Run(mvcc::WriteTxn& txn, const Plan& plan) {
    TxnResponse response;
    auto nested = plan.nested.begin();
    for (const RequestOp& op : *plan.ops) {
      switch (op.request_case()) {
        case RequestOp::kRequestRange:
          RETURN_IF_ERROR(RunRange(txn, op.request_range(), &response));
          break;
        case RequestOp::kRequestPut:
          RETURN_IF_ERROR(RunPut(txn, op.request_put(), &response));
          break;
        case RequestOp::kRequestDeleteRange:
          RETURN_IF_ERROR(RunDeleteRange(txn, op.request_delete_range(), &response));
          break;
        case RequestOp::kRequestTxn: {
          ASSIGN_OR_RETURN(const base::Bytes body, Run(txn, *nested++));
          response.AddTxn(body);
          break;
        }
        case RequestOp::REQUEST_NOT_SET:
          return base::Status(base::Code::kUnimplemented,
                              "an operation of a transaction is not supported by this version");
      }
    }
    return response.Body(plan.succeeded);
  }

  const AnswerRoom& room() const { return room_; }

 private:
  base::Status RunRange(const mvcc::WriteTxn& txn, const etcdserverpb::RangeRequest& request,
                        TxnResponse* response) {
    ++context_.counts->ranges;
    if (!room_.wanted()) return {};
    base::Result<std::unique_ptr<mvcc::ReadPin>> pin =
        request.revision() > 0
            ? context_.store->apply_reads().Pin(base::Revision(request.revision()))
            : txn.Read();
    RETURN_IF_ERROR(pin.status());
    RangeRead read(*std::move(pin), txn.revision(), request);
    for (bool done = false; !done;) {
      ASSIGN_OR_RETURN(done, read.Step());
    }
    if (room_.Take(read.BodySize())) response->AddRange(txn.revision(), read);
    return {};
  }

  base::Status RunPut(mvcc::WriteTxn& txn, const etcdserverpb::PutRequest& request,
                      TxnResponse* response) {
    base::Bytes body;
    RETURN_IF_ERROR(ExecutePut(context_, txn, request, &room_, &body));
    response->AddPut(txn.revision(), body);
    return {};
  }

  base::Status RunDeleteRange(mvcc::WriteTxn& txn, const etcdserverpb::DeleteRangeRequest& request,
                              TxnResponse* response) {
    base::Bytes body;
    RETURN_IF_ERROR(ExecuteDeleteRange(context_, txn, request, &room_, &body));
    response->AddDeleteRange(txn.revision(), body);
    return {};
  }

  const WriteContext& context_;
  AnswerRoom room_;
};

}  // namespace

base::Result<Applied> Txn(const WriteContext& context, const TxnRequest& request) {
  Execution execution(&context);
  Plan plan;
  {
    ASSIGN_OR_RETURN(const auto pin, context.store->apply_reads().Pin(base::Revision(0)));
    ASSIGN_OR_RETURN(plan, PlanOf(*pin, request));
    ASSIGN_OR_RETURN(Verdict verdict, execution.Check(*pin, plan));
    if (!verdict.refusal.ok()) return Applied{.refusal = std::move(verdict.refusal)};
  }
  mvcc::WriteTxn txn = context.store->Write();
  Applied applied;
  const uint64_t before = context.counts->operations();
  ASSIGN_OR_RETURN(applied.body, execution.Run(txn, plan));
  if (context.counts->operations() > before + 1) ++context.counts->txns;
  applied.revision = txn.revision();
  applied.too_large = execution.room().status();
  return applied;
}

}  // namespace kv
