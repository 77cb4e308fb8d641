#pragma once

#include <cstddef>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/result.h"
#include "net/http/plain.h"
#include "server/transport.h"

// What members ask their leader of leases, in protobuf both ways:
//
//   POST /leases            LeaseKeepAliveRequest, LeaseKeepAliveResponse
//   POST /leases/internal   LeaseInternalRequest, LeaseInternalResponse
//
// Refusals are etcd's: 404 for a lease that is not there, 408 if the leader is too far behind with
// what is committed, 400 and 500 by one that does not lead.

namespace peer {

inline constexpr base::ByteView kLeases = "/leases";
inline constexpr base::ByteView kLeaseTimes = "/leases/internal";

// An answer is not longer: a lease may have very many keys.
inline constexpr size_t kLeaseAnswerBytesMax = 100 << 20;

struct LeaseQuestion {
  base::LeaseId lease;
  bool keys = false;
};

base::Bytes EncodeRenewal(base::LeaseId lease);
base::Bytes EncodeLeaseQuestion(const LeaseQuestion& question);
// kInvalidArgument, in etcd's words, for bytes that are no such message.
base::Result<base::LeaseId> ParseRenewal(base::ByteView body);
base::Result<LeaseQuestion> ParseLeaseQuestion(base::ByteView body);

http::PlainResponse RenewalResponse(base::LeaseId lease, const base::Result<int64_t>& ttl);
http::PlainResponse LeaseTimesResponse(base::LeaseId lease,
                                       const base::Result<server::LeaseTimes>& times);
// What an answer of any status says of that lease: kLeaseNotFound, or kUnavailable with why it says
// nothing.
base::Result<int64_t> RenewedOf(base::LeaseId lease, int status, base::ByteView body);
base::Result<server::LeaseTimes> LeaseTimesOf(base::LeaseId lease, int status, base::ByteView body);

}  // namespace peer
