#pragma once

#include <memory>
#include <utility>

#include "api/v3/service.h"
#include "net/rpc/server.h"
#include "state/kv/long_reads.h"

namespace v3 {

// usagepb.Usage of one net loop: what fills the store, by prefix. Not etcd's; docs/space.md.
class UsageService {
 public:
  // `context` outlives this; `long_reads` are those of all reads of the loop.
  UsageService(const Context* context, std::shared_ptr<kv::LongReads> long_reads)
      : context_(*context), long_reads_(std::move(long_reads)) {}

  void AddTo(rpc::Server& table);

 private:
  const Context& context_;
  const std::shared_ptr<kv::LongReads> long_reads_;
};

}  // namespace v3
