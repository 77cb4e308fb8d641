#include "api/v3/lease_service.h"

#include <memory>
#include <utility>

#include "api/v3/lease_keep_alive_call.h"
#include "api/v3/own_requests.h"
#include "base/errors.h"
#include "proto/raft_internal.pb.h"
#include "server/lease_requests.h"
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
  context_.Propose(std::move(call), InternalRaftRequest::kLeaseGrantFieldNumber,
                   request.SerializeAsString());
}

void LeaseService::LeaseRevoke(Call call, base::ByteView bytes) {
  etcdserverpb::LeaseRevokeRequest request;
  if (!Parse(*call, bytes, &request)) return;
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
  using Ids = server::LeaseListing::Ids;
  context_.server().leases().List([this, rpc = call.rpc](base::Result<Ids> ids) {
    context_.frontend().loop().Post([this, rpc, ids = std::move(ids)] {
      if (!ids.ok()) return rpc->Finish(ids.status());
      etcdserverpb::LeaseLeasesResponse response;
      for (const base::LeaseId id : **ids) response.add_leases()->set_id(id.value());
      context_.Reply(*rpc, std::move(response));
    });
  });
}

}  // namespace v3
