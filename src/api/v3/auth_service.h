#pragma once

#include <memory>
#include <string>

#include "api/v3/service.h"
#include "net/rpc/server.h"

namespace v3 {

// etcdserverpb.Auth of one net loop. What changes users and roles goes into the log, where it is
// checked that root asks; what only reads them is answered from what this member knows, once that
// holds all that had been answered before.
class AuthService {
 public:
  // `context` outlives this.
  explicit AuthService(const Context* context) : context_(*context) {}

  void AddTo(rpc::Server& table);

 private:
  class LogIn;

  template <typename Request>
  void AddProposing(rpc::Server& table, const char* name, uint32_t field);

  void Authenticate(Call call, base::ByteView bytes);
  void AuthStatus(Call call, base::ByteView bytes);
  void UserAdd(Call call, base::ByteView bytes);
  void UserChangePassword(Call call, base::ByteView bytes);
  void UserGet(Call call, base::ByteView bytes);
  void UserList(Call call, base::ByteView bytes);
  void RoleGet(Call call, base::ByteView bytes);
  void RoleList(Call call, base::ByteView bytes);

  // Runs `answer` for a call that is open, with who asks, once users and roles are known.
  using Answer = base::Callback<void(Call call)>;
  void WhenKnown(Call call, Answer answer);
  // Proposes `request` with what bcrypt makes of its password, and without that.
  template <typename Request>
  void ProposeHashed(Call call, uint32_t field, Request request);

  const Context& context_;
};

}  // namespace v3
