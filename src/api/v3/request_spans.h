#pragma once

#include <cstdint>
#include <string_view>

#include "net/rpc/server_call.h"
#include "proto/rpc.pb.h"

namespace v3 {

// Spans of the work on a request, below that of its call if that is traced; without effect if it is
// not. Their names and attributes are etcd's. Each returns its number for CallTrace::End, 0 for
// none; it ends with the call otherwise.
uint32_t BeginSpan(const rpc::ServerCall& call, const etcdserverpb::RangeRequest& request,
                   std::string_view name = "range");
uint32_t BeginSpan(const rpc::ServerCall& call, const etcdserverpb::PutRequest& request);
uint32_t BeginSpan(const rpc::ServerCall& call, const etcdserverpb::DeleteRangeRequest& request);
uint32_t BeginSpan(const rpc::ServerCall& call, const etcdserverpb::TxnRequest& request);
uint32_t BeginSpan(const rpc::ServerCall& call, const etcdserverpb::CompactionRequest& request);
uint32_t BeginSpan(const rpc::ServerCall& call, const etcdserverpb::LeaseGrantRequest& request);
uint32_t BeginSpan(const rpc::ServerCall& call, const etcdserverpb::LeaseRevokeRequest& request);
uint32_t BeginSpan(const rpc::ServerCall& call, const etcdserverpb::LeaseKeepAliveRequest& request);
uint32_t BeginSpan(const rpc::ServerCall& call, const etcdserverpb::WatchCreateRequest& request);

// Without effect for 0, and once the call has ended.
void EndSpan(const rpc::ServerCall& call, uint32_t span);

// Moments of a request's work.
inline constexpr std::string_view kProposed = "Send raft proposal";
inline constexpr std::string_view kApplied = "Receive raft result";
inline constexpr std::string_view kIndexRead = "Receive read index";
inline void TellMoment(const rpc::ServerCall& call, std::string_view moment) {
  if (rpc::CallTrace* const trace = call.trace(); trace != nullptr) trace->AddEvent(moment);
}

}  // namespace v3
