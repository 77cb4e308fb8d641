#pragma once

#include "base/ids.h"
#include "base/status.h"
#include "state/auth/identity.h"
#include "state/auth/judge.h"

namespace etcdserverpb {
class InternalRaftRequest;
class RangeRequest;
class TxnRequest;
}  // namespace etcdserverpb
namespace leases {
class Leases;
}

// What a request touches, in all that it does and all that it is answered, however deep in a
// transaction: each of it is put to the judge. Errors are auth::Judge::CheckKeys'.

namespace apply {

// Of what is read and not applied. Compat: also who was known at a later revision than this member
// has come to is refused with kAuthOldRevision.
base::Status CheckRights(auth::Judge& judge, const auth::Identity& who,
                         const etcdserverpb::RangeRequest& request);
base::Status CheckRights(auth::Judge& judge, const auth::Identity& who,
                         const etcdserverpb::TxnRequest& request);
// Of a committed one, on the apply loop. A request that asks for an administrator is refused with
// an error of auth::Judge::CheckRoot.
base::Status CheckRights(auth::Judge& judge, const auth::Identity& who,
                         const leases::Leases& leases,
                         const etcdserverpb::InternalRaftRequest& request);

// Whether he may touch all keys that are with a lease, as root may.
base::Status CheckLeaseKeys(auth::Judge& judge, const auth::Identity& who, auth::Access access,
                            const leases::Leases& leases, base::LeaseId id);

}  // namespace apply
