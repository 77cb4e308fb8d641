#pragma once

#include "api/v3/service.h"
#include "api/v3/watch_service.h"
#include "net/rpc/server.h"

namespace v3 {

// v3lockpb.Lock of one net loop. A lock is held by who is the first of its queue (contender_call.h)
// until its key is gone: deleted by Unlock or by anybody, or with its lease.
class LockService {
 public:
  // Both outlive this.
  LockService(const Context* context, WatchService* watch) : context_(*context), watch_(*watch) {}

  void AddTo(rpc::Server& table);

 private:
  void Unlock(Call call, base::ByteView bytes);

  const Context& context_;
  WatchService& watch_;
};

}  // namespace v3
