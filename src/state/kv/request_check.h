#pragma once

#include <cstddef>
#include <cstdint>

#include "base/status.h"
#include "proto/rpc.pb.h"

// What is wrong with a request before anybody looks at the store, in etcd's order and words.

namespace kv {

base::Status Check(const etcdserverpb::RangeRequest& request);
base::Status Check(const etcdserverpb::PutRequest& request);
base::Status Check(const etcdserverpb::DeleteRangeRequest& request);
// A transaction and those within it share `ops_max`: each level takes the longest of its three
// lists. No key may be put twice, or put and deleted, on one way through it.
base::Status Check(const etcdserverpb::TxnRequest& request, size_t ops_max);
// RangeStream takes neither sort orders nor filters: kUnimplemented.
base::Status CheckRangeStream(const etcdserverpb::RangeRequest& request);

// Whether it only reads, and so need not go through the log.
bool IsReadOnly(const etcdserverpb::TxnRequest& request);
// Whether all it does is reads that one member may answer alone.
bool IsSerializable(const etcdserverpb::TxnRequest& request);

// Bytes that a request counts against the quota: of a transaction those of its more costly branch,
// and the first of a granted lease.
inline constexpr uint64_t kLeaseQuotaCost = 64;
uint64_t QuotaCost(const etcdserverpb::PutRequest& request);
uint64_t QuotaCost(const etcdserverpb::TxnRequest& request);

}  // namespace kv
