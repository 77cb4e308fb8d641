#pragma once

#include <string>

#include "api/v3/service.h"
#include "base/callback.h"
#include "base/result.h"
#include "proto/rpc.pb.h"
#include "server/caller.h"

// What a service asks of the member in the course of a client's call: it passes the checks that a
// client's request of that kind does, and goes the same way into the log. Compat: etcd asks through
// a client within the member, from which errors come with etcd's texts and the code Unknown; so
// they do here.
//
// On the context's loop. Each callback is called once, maybe before the function has returned, and
// with kStopped when the member ends.

namespace v3 {

// An error of the member as such a client hands it on.
base::Status OfOwnClient(const base::Status& status);

// Fills in who asks. False, with the call ended as such a client's would, if he cannot be told.
bool TakeIdentity(const Context& context, Call* call);

// The header of the answer has only the revision.
using OnTxn = base::Callback<void(base::Result<etcdserverpb::TxnResponse>)>;
void RunTxn(const Context& context, const etcdserverpb::TxnRequest& request,
            const server::Caller& caller, OnTxn on_txn);

// The revision is that of the answer's header.
using OnDeleted = base::Callback<void(base::Result<base::Revision>)>;
void DeleteKey(const Context& context, const std::string& key, const server::Caller& caller,
               OnDeleted on_deleted);

// An id for a lease that has none: above 0, and no other's.
int64_t NewLeaseId(server::Frontend& frontend);

// A lease of a minute for who has none (`lease` is 0), which nobody renews; or `lease` itself,
// whether or not there is one. Compat: the session that etcd's services make.
using OnLease = base::Callback<void(base::Result<int64_t> lease)>;
void LeaseOfSession(const Context& context, int64_t lease, const server::Caller& caller,
                    OnLease on_lease);

// "The key was created at this revision"; 0: it is not there.
etcdserverpb::Compare IsCreatedAt(const std::string& key, int64_t revision);
// "The key was written last at this revision."
etcdserverpb::Compare IsModifiedAt(const std::string& key, int64_t revision);

}  // namespace v3
