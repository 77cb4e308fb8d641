#pragma once

#include <memory>

#include "api/v3/maintenance_metrics.h"
#include "api/v3/service.h"
#include "api/v3/snapshot_call.h"
#include "net/rpc/server.h"

namespace v3 {

// etcdserverpb.Maintenance of one net loop.
class MaintenanceService {
 public:
  // `context` outlives this.
  explicit MaintenanceService(const Context* context)
      : context_(*context), metrics_(context->server().environment().registry) {}

  void AddTo(rpc::Server& table);

 private:
  void Status(Call call, base::ByteView bytes);
  void Alarm(Call call, base::ByteView bytes);
  void Defragment(Call call, base::ByteView bytes);
  void Hash(Call call, base::ByteView bytes);
  void HashKv(Call call, base::ByteView bytes);
  void MoveLeader(Call call, base::ByteView bytes);
  void Downgrade(Call call, base::ByteView bytes);

  runtime::TimePoint Now() const { return context_.frontend().loop().clock().Now(); }

  const Context& context_;
  MaintenanceMetrics metrics_;
  SnapshotCall::Places snapshot_places_;
};

}  // namespace v3
