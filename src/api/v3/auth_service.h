#pragma once

#include "api/v3/service.h"
#include "net/rpc/server.h"

namespace v3 {

// What etcdserverpb.Auth answers where there are no users, of one net loop: that authentication is
// off. Clients that are given a user ask that first, and go on without one. All other methods are
// unimplemented.
class AuthService {
 public:
  // `context` outlives this.
  explicit AuthService(const Context* context) : context_(*context) {}

  void AddTo(rpc::Server& table);

 private:
  void AuthStatus(Call call, base::ByteView bytes);
  void Authenticate(Call call, base::ByteView bytes);

  const Context& context_;
};

}  // namespace v3
