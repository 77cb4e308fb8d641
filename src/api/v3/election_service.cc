#include "api/v3/election_service.h"

#include <memory>
#include <string>
#include <utility>

#include "api/v3/contender_call.h"
#include "api/v3/observe_call.h"
#include "api/v3/own_requests.h"
#include "base/check.h"
#include "base/errors.h"
#include "proto/v3election.pb.h"

namespace v3 {
namespace {

constexpr char kService[] = "v3electionpb.Election";

// Who leads says so with another value, if he does.
struct Proclamation {
  const std::string& key;
  int64_t create_revision;
  const std::string& value;
  int64_t lease;
};

etcdserverpb::TxnRequest TxnOf(const Proclamation& proclamation) {
  etcdserverpb::TxnRequest request;
  *request.add_compare() = IsCreatedAt(proclamation.key, proclamation.create_revision);
  etcdserverpb::PutRequest* const put = request.add_success()->mutable_request_put();
  put->set_key(proclamation.key);
  put->set_value(proclamation.value);
  put->set_lease(proclamation.lease);
  return request;
}

// Election.Campaign: answered once it leads. Compat: with the revision at which it began.
class CampaignCall final : public ContenderCall {
 public:
  using ContenderCall::ContenderCall;

 private:
  void OnMessage(base::ByteView bytes) override {
    v3electionpb::CampaignRequest request;
    if (!Parse(bytes, &request)) return;
    leader_.set_name(request.name());
    value_ = request.value();
    Enter(request.name(), request.value(), request.lease());
  }
  void OnEntered(const mvccpb::KeyValue* found) override {
    if (found == nullptr || found->value() == value_) return Await();
    const Proclamation proclamation = {key(), create_revision(), value_, lease()};
    const std::optional<server::Caller> caller = Caller();
    if (!caller.has_value()) return;
    RunTxn(context(), TxnOf(proclamation), *caller,
           [this, self = shared_from_this()](base::Result<etcdserverpb::TxnResponse> proclaimed) {
             Run([&] {
               if (!proclaimed.ok()) return Finish(proclaimed.status());
               if (!proclaimed->succeeded()) return Finish(Lost());
               OnWritten(base::Revision(proclaimed->header().revision()));
               Await();
             });
           });
  }
  void OnFirst(base::Revision) override {
    v3electionpb::CampaignResponse response;
    leader_.set_key(key());
    leader_.set_rev(create_revision());
    leader_.set_lease(lease());
    *response.mutable_leader() = std::move(leader_);
    Win(std::move(response), entered_at());
  }
  base::Status Lost() const override { return base::errors::kElectionNotLeader; }

  v3electionpb::LeaderKey leader_;
  std::string value_;
};

// Election.Leader: who leads now.
class LeaderCall final : public QueueCall {
 public:
  using QueueCall::QueueCall;

 private:
  void OnMessage(base::ByteView bytes) override {
    v3electionpb::LeaderRequest request;
    if (!Parse(bytes, &request)) return;
    SetName(request.name());
    SetKept(sizeof(*this) + 4 * request.name().size());
    WhenLinearizable([this] { Look(); });
  }
  base::Result<Next> OnFound(const kv::QueueScan& scan) override {
    if (!scan.has_found()) return base::errors::kElectionNoLeader;
    ASSIGN_OR_RETURN(const kv::QueuePlace leader, Read(scan.key(), scan.create_revision()));
    if (!leader.pair.has_value()) {
      Look();
      return Next::kMore;
    }
    v3electionpb::LeaderResponse response;
    CHECK(response.mutable_kv()->ParseFromString(*leader.pair));
    Reply(std::move(response), leader.at);
    return Next::kWaits;
  }
};

}  // namespace

void ElectionService::AddTo(rpc::Server& table) {
  const auto add = [&](const char* name, rpc::Kind kind, auto new_call) {
    context_.AddStreaming(table, kService, name, kind, new_call);
  };
  add("Campaign", rpc::Kind::kUnary, [this](Call call) {
    return std::make_shared<CampaignCall>(&context_, &watch_, std::move(call));
  });
  context_.AddUnary(table, kService, "Proclaim", this, &ElectionService::Proclaim);
  add("Leader", rpc::Kind::kUnary, [this](Call call) {
    return std::make_shared<LeaderCall>(&context_, &watch_, std::move(call));
  });
  add("Observe", rpc::Kind::kServerStreaming, [this](Call call) {
    return std::make_shared<ObserveCall>(&context_, &watch_, std::move(call));
  });
  context_.AddUnary(table, kService, "Resign", this, &ElectionService::Resign);
}

void ElectionService::Proclaim(Call call, base::ByteView bytes) {
  v3electionpb::ProclaimRequest request;
  if (!Parse(*call, bytes, &request)) return;
  if (!request.has_leader()) return call->Finish(base::errors::kMissingLeaderKey);
  if (!TakeIdentity(context_, &call)) return;
  const int64_t lease = request.leader().lease();
  const auto proclaim = [this, call, request](int64_t granted) {
    const v3electionpb::LeaderKey& leader = request.leader();
    RunTxn(context_, TxnOf({leader.key(), leader.rev(), request.value(), granted}), call.caller,
           [this, rpc = call.rpc](base::Result<etcdserverpb::TxnResponse> proclaimed) {
             if (!proclaimed.ok()) return rpc->Finish(proclaimed.status());
             if (!proclaimed->succeeded()) return rpc->Finish(base::errors::kElectionNotLeader);
             context_.Reply(*rpc, v3electionpb::ProclaimResponse(),
                            base::Revision(proclaimed->header().revision()));
           });
  };
  LeaseOfSession(context_, lease, call.caller,
                 [rpc = call.rpc, proclaim](base::Result<int64_t> granted) {
                   if (!granted.ok()) return rpc->Finish(granted.status());
                   proclaim(*granted);
                 });
}

// Compat: who does not lead is answered as who does.
void ElectionService::Resign(Call call, base::ByteView bytes) {
  v3electionpb::ResignRequest request;
  if (!Parse(*call, bytes, &request)) return;
  if (!request.has_leader()) return call->Finish(base::errors::kMissingLeaderKey);
  if (!TakeIdentity(context_, &call)) return;
  etcdserverpb::TxnRequest txn;
  *txn.add_compare() = IsCreatedAt(request.leader().key(), request.leader().rev());
  txn.add_success()->mutable_request_delete_range()->set_key(request.leader().key());
  RunTxn(context_, txn, call.caller,
         [this, rpc = call.rpc](base::Result<etcdserverpb::TxnResponse> resigned) {
           if (!resigned.ok()) return rpc->Finish(resigned.status());
           context_.Reply(*rpc, v3electionpb::ResignResponse(),
                          base::Revision(resigned->header().revision()));
         });
}

}  // namespace v3
