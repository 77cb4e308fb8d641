#include "api/v3/lease_service.h"

#include <memory>
#include <utility>

#include "api/v3/lease_keep_alive_call.h"
#include "api/v3/own_requests.h"
#include "api/v3/request_spans.h"
#include "base/errors.h"
#include "proto/raft_internal.pb.h"
#include "server/lease_requests.h"
#include "server/lease_rights.h"
#include "state/kv/request_check.h"

namespace v3 {
namespace {

using etcdserverpb::InternalRaftRequest;

constexpr char kService[] = "etcdserverpb.Lease";

}  // namespace

void LeaseService::AddTo(rpc::Server& table) {
  context_.AddUnary(table, kService, "LeaseGrant", this, &LeaseService::LeaseGrant);
  context_.AddUnary(table, kService, "LeaseRevoke", this, &LeaseService::LeaseRevoke);
  context_.AddUnary(table, kService, "LeaseTimeToLive", this, &LeaseService::LeaseTimeToLive);
  context_.AddUnary(table, kService, "LeaseLeases", this, &LeaseService::LeaseLeases);
  context_.AddStreaming(table, kService, "LeaseKeepAlive", rpc::Kind::kBidiStreaming,
                        [this](Call call) {
                          return std::make_shared<LeaseKeepAliveCall>(&context_, std::move(call));
                        });
}

// An id is chosen here and not when the request is applied, where there is no chance.
void LeaseService::LeaseGrant(Call call, base::ByteView bytes) {
  etcdserverpb::LeaseGrantRequest request;
  if (!Parse(*call, bytes, &request)) return;
  const base::Status status = context_.quota().Check(kv::kLeaseQuotaCost);
  if (!status.ok()) return call->Finish(status);
  if (request.id() == 0) request.set_id(NewLeaseId(context_.frontend()));
  BeginSpan(*call, request);
  context_.Propose(std::move(call), InternalRaftRequest::kLeaseGrantFieldNumber,
                   request.SerializeAsString());
}

void LeaseService::LeaseRevoke(Call call, base::ByteView bytes) {
  etcdserverpb::LeaseRevokeRequest request;
  if (!Parse(*call, bytes, &request)) return;
  BeginSpan(*call, request);
  context_.Propose(std::move(call), InternalRaftRequest::kLeaseRevokeFieldNumber, bytes);
}

void LeaseService::LeaseTimeToLive(Call call, base::ByteView bytes) {
  etcdserverpb::LeaseTimeToLiveRequest request;
  if (!Parse(*call, bytes, &request)) return;
  context_.server().leases().TimeToLive(
      base::LeaseId(request.id()), request.keys(), call.caller,
      [this, rpc = call.rpc, id = request.id()](base::Result<server::LeaseTimes> told) {
        const auto times = std::make_shared<base::Result<server::LeaseTimes>>(std::move(told));
        context_.frontend().loop().Post([this, rpc, id, times] {
          const bool is_found = times->status() != base::errors::kLeaseNotFound;
          if (!times->ok() && is_found) return rpc->Finish(times->status());
          const base::Status may = is_found ? CheckRead(*rpc, (*times)->keys) : base::Status();
          if (!may.ok()) return rpc->Finish(may);
          etcdserverpb::LeaseTimeToLiveResponse response;
          response.set_id(id);
          response.set_ttl(is_found ? (*times)->ttl : -1);
          if (is_found) {
            response.set_grantedttl((*times)->granted_ttl);
            for (base::Bytes& key : (*times)->keys) response.add_keys(std::move(key));
          }
          context_.Reply(*rpc, std::move(response));
        });
      });
}

void LeaseService::LeaseLeases(Call call, base::ByteView bytes) {
  etcdserverpb::LeaseLeasesRequest request;
  if (!Parse(*call, bytes, &request)) return;
  if (context_.judge().CheckRoot(call.caller.identity).ok()) return List(call.rpc);
  context_.server().lease_rights().CheckAll(call.caller.identity, auth::Access::kRead,
                                            [this, rpc = call.rpc](const base::Status& may) {
                                              context_.frontend().loop().Post([this, rpc, may] {
                                                if (!may.ok()) return rpc->Finish(may);
                                                List(rpc);
                                              });
                                            });
}

// Whoever may not read one of the keys is not told of any.
base::Status LeaseService::CheckRead(const rpc::ServerCall& call,
                                     const std::vector<base::Bytes>& keys) const {
  if (keys.empty() || !call.is_open()) return {};
  ASSIGN_OR_RETURN(const auth::Identity who, context_.Identify(call));
  auth::Judge& judge = context_.judge();
  if (judge.CheckRoot(who).ok()) return {};
  for (const base::Bytes& key : keys) {
    RETURN_IF_ERROR(judge.CheckKeys(who, auth::Access::kRead, {key}));
  }
  return {};
}

void LeaseService::List(const std::shared_ptr<rpc::ServerCall>& call) {
  using Ids = server::LeaseListing::Ids;
  context_.server().leases().List([this, rpc = call](base::Result<Ids> ids) {
    context_.frontend().loop().Post([this, rpc, ids = std::move(ids)] {
      if (!ids.ok()) return rpc->Finish(ids.status());
      etcdserverpb::LeaseLeasesResponse response;
      for (const base::LeaseId id : **ids) response.add_leases()->set_id(id.value());
      context_.Reply(*rpc, std::move(response));
    });
  });
}

}  // namespace v3
