#pragma once

#include "api/v3/admission_service.h"
#include "api/v3/auth_service.h"
#include "api/v3/cluster_service.h"
#include "api/v3/election_service.h"
#include "api/v3/kv_service.h"
#include "api/v3/lease_service.h"
#include "api/v3/lock_service.h"
#include "api/v3/maintenance_service.h"
#include "api/v3/service.h"
#include "api/v3/usage_service.h"
#include "api/v3/watch_service.h"

namespace v3 {

// All of etcd's services on one net loop, and our own. Belongs to the loop, and is destroyed after
// the server, whose answers may be on their way to it.
class Services {
 public:
  // `frontend` is the server's one of this loop; `meters` are the member's, and outlive this.
  Services(server::Server* server, server::Frontend* frontend, const Identification& identification,
           admission::Meters* meters)
      : context_(server, frontend, identification, meters) {}
  ~Services() { context_.DropWaiting(); }
  Services(const Services&) = delete;
  Services& operator=(const Services&) = delete;

  // Adds every method of every service.
  void AddTo(rpc::Server& table) {
    kv_.AddTo(table);
    maintenance_.AddTo(table);
    cluster_.AddTo(table);
    auth_.AddTo(table);
    watch_.AddTo(table);
    lease_.AddTo(table);
    lock_.AddTo(table);
    election_.AddTo(table);
    admission_.AddTo(table);
    usage_.AddTo(table);
  }

  // Before the connections end with the process, while all that calls need is there: calls that
  // have ended, or end from now on, let go at once of what they hold, and leave no work behind.
  void Close() { watch_.Close(); }

  const Context& context() const { return context_; }

 private:
  Context context_;
  KvService kv_{&context_};
  MaintenanceService maintenance_{&context_};
  ClusterService cluster_{&context_};
  AuthService auth_{&context_};
  WatchService watch_{&context_};
  LeaseService lease_{&context_};
  LockService lock_{&context_, &watch_};
  ElectionService election_{&context_, &watch_};
  AdmissionService admission_{&context_};
  UsageService usage_{&context_, kv_.long_reads()};
};

}  // namespace v3
