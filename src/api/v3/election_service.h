#pragma once

#include "api/v3/service.h"
#include "api/v3/watch_service.h"
#include "net/rpc/server.h"

namespace v3 {

// v3electionpb.Election of one net loop. Who is the first of an election's queue
// (contender_call.h) leads until his key is gone; what he proclaims is its value.
class ElectionService {
 public:
  // Both outlive this.
  ElectionService(const Context* context, WatchService* watch)
      : context_(*context), watch_(*watch) {}

  void AddTo(rpc::Server& table);

 private:
  void Proclaim(Call call, base::ByteView bytes);
  void Resign(Call call, base::ByteView bytes);

  const Context& context_;
  WatchService& watch_;
};

}  // namespace v3
