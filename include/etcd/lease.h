#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <etcd/kv.h>

// Leases: keys that are put with one are deleted when it ends. It ends when it is revoked, or was
// not renewed for its time. Plain values; times are seconds.

namespace etcd {
inline namespace v1 {

struct LeaseGrantRequest {
  int64_t ttl = 0;  // raised to the cluster's minimum (2 s by default)
  int64_t id = 0;   // 0: the cluster chooses
};

struct LeaseGrantResponse {
  ResponseHeader header = {};
  int64_t id = 0;
  int64_t ttl = 0;
};

struct LeaseRevokeResponse {
  ResponseHeader header = {};
};

struct LeaseKeepAliveResponse {
  ResponseHeader header = {};
  int64_t id = 0;
  int64_t ttl = 0;  // that it has again
};

struct LeaseTimeToLiveResponse {
  ResponseHeader header = {};
  int64_t id = 0;
  int64_t ttl = 0;                     // that is left; -1: there is no such lease
  int64_t granted_ttl = 0;             // 0: there is no such lease
  std::vector<std::string> keys = {};  // that are with it, if they were asked for
};

struct LeaseListResponse {
  ResponseHeader header = {};
  std::vector<int64_t> ids = {};
};

}  // namespace v1
}  // namespace etcd
