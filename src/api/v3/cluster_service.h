#pragma once

#include <memory>

#include "api/v3/service.h"
#include "net/rpc/server.h"

namespace v3 {

// etcdserverpb.Cluster of one net loop.
class ClusterService {
 public:
  // `context` outlives this.
  explicit ClusterService(const Context* context) : context_(*context) {}

  void AddTo(rpc::Server& table);

 private:
  void MemberList(Call call, base::ByteView bytes);
  void AnswerMembers(rpc::ServerCall& call) const;

  const Context& context_;
};

}  // namespace v3
