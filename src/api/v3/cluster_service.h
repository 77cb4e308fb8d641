#pragma once

#include <memory>
#include <vector>

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
  using Members = base::Result<std::vector<members::Member>>;

  void MemberList(Call call, base::ByteView bytes);
  void MemberAdd(Call call, base::ByteView bytes);
  void MemberRemove(Call call, base::ByteView bytes);
  void MemberUpdate(Call call, base::ByteView bytes);
  void MemberPromote(Call call, base::ByteView bytes);

  void AnswerMembers(rpc::ServerCall& call) const;
  // Returns a callback for the apply loop: it answers the call, on this loop, with the members.
  template <typename Response>
  server::Reconfiguration::OnChanged Answering(const Call& call, Response response = {}) const;

  const Context& context_;
};

}  // namespace v3
