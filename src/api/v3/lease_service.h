#pragma once

#include <memory>
#include <vector>

#include "api/v3/service.h"
#include "net/rpc/server.h"

namespace v3 {

// etcdserverpb.Lease of one net loop: leases are granted and revoked by the log, and renewed by the
// leader beside it.
class LeaseService {
 public:
  // `context` outlives this.
  explicit LeaseService(const Context* context) : context_(*context) {}

  void AddTo(rpc::Server& table);

 private:
  void LeaseGrant(Call call, base::ByteView bytes);
  void LeaseRevoke(Call call, base::ByteView bytes);
  void LeaseTimeToLive(Call call, base::ByteView bytes);
  void LeaseLeases(Call call, base::ByteView bytes);
  void List(const std::shared_ptr<rpc::ServerCall>& call);
  // Whether its caller may read all of these.
  base::Status CheckRead(const rpc::ServerCall& call, const std::vector<base::Bytes>& keys) const;

  const Context& context_;
};

}  // namespace v3
