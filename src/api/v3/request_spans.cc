#include "api/v3/request_spans.h"

#include <string>
#include <utility>

#include "state/kv/request_check.h"

namespace v3 {
namespace {

using etcdserverpb::RequestOp;
using Operations = google::protobuf::RepeatedPtrField<RequestOp>;

// Of the first operation of the list that has one.
std::string FirstKey(const Operations& operations) {
  for (const RequestOp& operation : operations) {
    std::string key = operation.request_range().key();
    if (operation.has_request_put()) key = operation.request_put().key();
    if (operation.has_request_delete_range()) key = operation.request_delete_range().key();
    if (!key.empty()) return key;
  }
  return {};
}

std::string FirstType(const Operations& operations) {
  for (const RequestOp& operation : operations) {
    if (operation.has_request_put()) return "put";
    if (operation.has_request_range()) return "range";
    if (operation.has_request_delete_range()) return "delete_range";
    if (operation.has_request_txn()) return "txn";
  }
  return {};
}

int64_t FirstLease(const Operations& operations) {
  for (const RequestOp& operation : operations) {
    if (operation.has_request_put()) return operation.request_put().lease();
  }
  return -1;
}

std::string FirstCompared(const etcdserverpb::TxnRequest& request) {
  for (const auto& compare : request.compare()) {
    if (!compare.key().empty()) return compare.key();
  }
  return {};
}

}  // namespace

uint32_t BeginSpan(const rpc::ServerCall& call, const etcdserverpb::RangeRequest& request,
                   std::string_view name) {
  rpc::CallTrace* const trace = call.trace();
  if (trace == nullptr) return 0;
  rpc::SpanAttributes attributes = {{"range_begin", request.key()},
                                    {"range_end", request.range_end()},
                                    {"rev", request.revision()},
                                    {"limit", request.limit()},
                                    {"count_only", request.count_only()}};
  // Compat: a stream's does not say it.
  if (name == "range") attributes.emplace_back("keys_only", request.keys_only());
  return trace->Begin(name, std::move(attributes));
}

uint32_t BeginSpan(const rpc::ServerCall& call, const etcdserverpb::PutRequest& request) {
  rpc::CallTrace* const trace = call.trace();
  return trace == nullptr ? 0 : trace->Begin("put", {{"key", request.key()}});
}

uint32_t BeginSpan(const rpc::ServerCall& call, const etcdserverpb::DeleteRangeRequest& request) {
  rpc::CallTrace* const trace = call.trace();
  if (trace == nullptr) return 0;
  return trace->Begin("delete_range",
                      {{"range_begin", request.key()}, {"range_end", request.range_end()}});
}

uint32_t BeginSpan(const rpc::ServerCall& call, const etcdserverpb::TxnRequest& request) {
  rpc::CallTrace* const trace = call.trace();
  if (trace == nullptr) return 0;
  return trace->Begin("txn", {{"compare_first_key", FirstCompared(request)},
                              {"success_first_key", FirstKey(request.success())},
                              {"success_first_type", FirstType(request.success())},
                              {"success_first_lease", FirstLease(request.success())},
                              {"compare_len", int64_t{request.compare_size()}},
                              {"success_len", int64_t{request.success_size()}},
                              {"failure_len", int64_t{request.failure_size()}},
                              {"read_only", kv::IsReadOnly(request)}});
}

uint32_t BeginSpan(const rpc::ServerCall& call, const etcdserverpb::CompactionRequest& request) {
  rpc::CallTrace* const trace = call.trace();
  if (trace == nullptr) return 0;
  return trace->Begin("compact",
                      {{"is_physical", request.physical()}, {"rev", request.revision()}});
}

uint32_t BeginSpan(const rpc::ServerCall& call, const etcdserverpb::LeaseGrantRequest& request) {
  rpc::CallTrace* const trace = call.trace();
  if (trace == nullptr) return 0;
  return trace->Begin("lease_grant", {{"id", request.id()}, {"ttl", request.ttl()}});
}

uint32_t BeginSpan(const rpc::ServerCall& call, const etcdserverpb::LeaseRevokeRequest& request) {
  rpc::CallTrace* const trace = call.trace();
  return trace == nullptr ? 0 : trace->Begin("lease_revoke", {{"id", request.id()}});
}

uint32_t BeginSpan(const rpc::ServerCall& call,
                   const etcdserverpb::LeaseKeepAliveRequest& request) {
  rpc::CallTrace* const trace = call.trace();
  return trace == nullptr ? 0 : trace->Begin("lease_renew", {{"id", request.id()}});
}

uint32_t BeginSpan(const rpc::ServerCall& call, const etcdserverpb::WatchCreateRequest& request) {
  rpc::CallTrace* const trace = call.trace();
  if (trace == nullptr) return 0;
  // Compat: of all keys from one on, the end is empty here.
  const bool is_open = request.range_end() == std::string(1, '\0');
  return trace->Begin("watch", {{"key", request.key()},
                                {"range_end", is_open ? std::string() : request.range_end()},
                                {"start_rev", request.start_revision()},
                                {"progress_notify", request.progress_notify()},
                                {"prev_kv", request.prev_kv()},
                                {"fragment", request.fragment()}});
}

void EndSpan(const rpc::ServerCall& call, uint32_t span) {
  if (rpc::CallTrace* const trace = call.trace(); trace != nullptr) trace->End(span);
}

}  // namespace v3
