#include <etcd/auth.h>

#include <algorithm>
#include <initializer_list>
#include <string_view>

#include "base/go_text.h"
#include "client/client_impl.h"
#include "client/convert.h"
#include "client/endings.h"

namespace etcd {
inline namespace v1 {
namespace {

namespace pb = etcdserverpb;
using client::Method;
using client::Repeatable;

constexpr Method kAuthEnable{"/etcdserverpb.Auth/AuthEnable"};
constexpr Method kAuthDisable{"/etcdserverpb.Auth/AuthDisable"};
constexpr Method kAuthStatus{"/etcdserverpb.Auth/AuthStatus", Repeatable::kYes};
constexpr Method kUserAdd{"/etcdserverpb.Auth/UserAdd"};
constexpr Method kUserDelete{"/etcdserverpb.Auth/UserDelete"};
constexpr Method kUserGet{"/etcdserverpb.Auth/UserGet", Repeatable::kYes};
constexpr Method kUserList{"/etcdserverpb.Auth/UserList", Repeatable::kYes};
constexpr Method kUserChangePassword{"/etcdserverpb.Auth/UserChangePassword"};
constexpr Method kUserGrantRole{"/etcdserverpb.Auth/UserGrantRole"};
constexpr Method kUserRevokeRole{"/etcdserverpb.Auth/UserRevokeRole"};
constexpr Method kRoleAdd{"/etcdserverpb.Auth/RoleAdd"};
constexpr Method kRoleDelete{"/etcdserverpb.Auth/RoleDelete"};
constexpr Method kRoleGet{"/etcdserverpb.Auth/RoleGet", Repeatable::kYes};
constexpr Method kRoleList{"/etcdserverpb.Auth/RoleList", Repeatable::kYes};
constexpr Method kRoleGrantPermission{"/etcdserverpb.Auth/RoleGrantPermission"};
constexpr Method kRoleRevokePermission{"/etcdserverpb.Auth/RoleRevokePermission"};

// Asks with a message that has these texts. Where one is not UTF-8, a message cannot hold it: that
// fails in grpc-go's words.
template <typename Reply, typename Impl, typename Message, typename Done>
void Ask(Impl* impl, const Method& method, const Message& message,
         std::initializer_list<std::string_view> texts, const CallOptions& options, Done done) {
  if (!std::all_of(texts.begin(), texts.end(), base::IsUtf8)) {
    return impl->Post([done = std::move(done)] { done(client::ToPublic(client::NotUtf8())); });
  }
  impl->template Unary<Reply>(impl->NewRequest(method, message, options), options, std::move(done));
}

}  // namespace

Client::Impl* Auth::Impl() {
  return client_.impl_.get();
}

void Auth::AuthEnable(const CallOptions& options, Callback<AuthChangeResponse> done) {
  Impl()->Unary<pb::AuthEnableResponse>(
      Impl()->NewRequest(kAuthEnable, pb::AuthEnableRequest(), options), options, std::move(done));
}
Result<AuthChangeResponse> Auth::AuthEnable(const CallOptions& options) {
  return Impl()->Await<Result<AuthChangeResponse>>([&](auto done) { AuthEnable(options, done); });
}

void Auth::AuthDisable(const CallOptions& options, Callback<AuthChangeResponse> done) {
  Impl()->Unary<pb::AuthDisableResponse>(
      Impl()->NewRequest(kAuthDisable, pb::AuthDisableRequest(), options), options,
      std::move(done));
}
Result<AuthChangeResponse> Auth::AuthDisable(const CallOptions& options) {
  return Impl()->Await<Result<AuthChangeResponse>>([&](auto done) { AuthDisable(options, done); });
}

void Auth::AuthStatus(const CallOptions& options, Callback<AuthStatusResponse> done) {
  Impl()->Unary<pb::AuthStatusResponse>(
      Impl()->NewRequest(kAuthStatus, pb::AuthStatusRequest(), options), options, std::move(done));
}
Result<AuthStatusResponse> Auth::AuthStatus(const CallOptions& options) {
  return Impl()->Await<Result<AuthStatusResponse>>([&](auto done) { AuthStatus(options, done); });
}

void Auth::Authenticate(const std::string& name, const std::string& password,
                        const CallOptions& options, Callback<AuthenticateResponse> done) {
  pb::AuthenticateRequest message;
  message.set_name(name);
  message.set_password(password);
  Ask<pb::AuthenticateResponse>(Impl(), client::kAuthenticate, message, {name, password}, options,
                                std::move(done));
}
Result<AuthenticateResponse> Auth::Authenticate(const std::string& name,
                                                const std::string& password,
                                                const CallOptions& options) {
  return Impl()->Await<Result<AuthenticateResponse>>(
      [&](auto done) { Authenticate(name, password, options, done); });
}

// ---- Users ----

void Auth::UserAdd(const UserAddRequest& request, const CallOptions& options,
                   Callback<AuthChangeResponse> done) {
  pb::AuthUserAddRequest message;
  message.set_name(request.name);
  message.set_password(request.password);
  message.mutable_options()->set_no_password(request.no_password);
  Ask<pb::AuthUserAddResponse>(Impl(), kUserAdd, message, {request.name, request.password}, options,
                               std::move(done));
}
Result<AuthChangeResponse> Auth::UserAdd(const UserAddRequest& request,
                                         const CallOptions& options) {
  return Impl()->Await<Result<AuthChangeResponse>>(
      [&](auto done) { UserAdd(request, options, done); });
}

void Auth::UserDelete(const std::string& name, const CallOptions& options,
                      Callback<AuthChangeResponse> done) {
  pb::AuthUserDeleteRequest message;
  message.set_name(name);
  Ask<pb::AuthUserDeleteResponse>(Impl(), kUserDelete, message, {name}, options, std::move(done));
}
Result<AuthChangeResponse> Auth::UserDelete(const std::string& name, const CallOptions& options) {
  return Impl()->Await<Result<AuthChangeResponse>>(
      [&](auto done) { UserDelete(name, options, done); });
}

void Auth::UserGet(const std::string& name, const CallOptions& options,
                   Callback<UserGetResponse> done) {
  pb::AuthUserGetRequest message;
  message.set_name(name);
  Ask<pb::AuthUserGetResponse>(Impl(), kUserGet, message, {name}, options, std::move(done));
}
Result<UserGetResponse> Auth::UserGet(const std::string& name, const CallOptions& options) {
  return Impl()->Await<Result<UserGetResponse>>([&](auto done) { UserGet(name, options, done); });
}

void Auth::UserList(const CallOptions& options, Callback<UserListResponse> done) {
  Impl()->Unary<pb::AuthUserListResponse>(
      Impl()->NewRequest(kUserList, pb::AuthUserListRequest(), options), options, std::move(done));
}
Result<UserListResponse> Auth::UserList(const CallOptions& options) {
  return Impl()->Await<Result<UserListResponse>>([&](auto done) { UserList(options, done); });
}

void Auth::UserChangePassword(const std::string& name, const std::string& password,
                              const CallOptions& options, Callback<AuthChangeResponse> done) {
  pb::AuthUserChangePasswordRequest message;
  message.set_name(name);
  message.set_password(password);
  Ask<pb::AuthUserChangePasswordResponse>(Impl(), kUserChangePassword, message, {name, password},
                                          options, std::move(done));
}
Result<AuthChangeResponse> Auth::UserChangePassword(const std::string& name,
                                                    const std::string& password,
                                                    const CallOptions& options) {
  return Impl()->Await<Result<AuthChangeResponse>>(
      [&](auto done) { UserChangePassword(name, password, options, done); });
}

void Auth::UserGrantRole(const std::string& user, const std::string& role,
                         const CallOptions& options, Callback<AuthChangeResponse> done) {
  pb::AuthUserGrantRoleRequest message;
  message.set_user(user);
  message.set_role(role);
  Ask<pb::AuthUserGrantRoleResponse>(Impl(), kUserGrantRole, message, {user, role}, options,
                                     std::move(done));
}
Result<AuthChangeResponse> Auth::UserGrantRole(const std::string& user, const std::string& role,
                                               const CallOptions& options) {
  return Impl()->Await<Result<AuthChangeResponse>>(
      [&](auto done) { UserGrantRole(user, role, options, done); });
}

void Auth::UserRevokeRole(const std::string& user, const std::string& role,
                          const CallOptions& options, Callback<AuthChangeResponse> done) {
  pb::AuthUserRevokeRoleRequest message;
  message.set_name(user);
  message.set_role(role);
  Ask<pb::AuthUserRevokeRoleResponse>(Impl(), kUserRevokeRole, message, {user, role}, options,
                                      std::move(done));
}
Result<AuthChangeResponse> Auth::UserRevokeRole(const std::string& user, const std::string& role,
                                                const CallOptions& options) {
  return Impl()->Await<Result<AuthChangeResponse>>(
      [&](auto done) { UserRevokeRole(user, role, options, done); });
}

// ---- Roles ----

void Auth::RoleAdd(const std::string& name, const CallOptions& options,
                   Callback<AuthChangeResponse> done) {
  pb::AuthRoleAddRequest message;
  message.set_name(name);
  Ask<pb::AuthRoleAddResponse>(Impl(), kRoleAdd, message, {name}, options, std::move(done));
}
Result<AuthChangeResponse> Auth::RoleAdd(const std::string& name, const CallOptions& options) {
  return Impl()->Await<Result<AuthChangeResponse>>(
      [&](auto done) { RoleAdd(name, options, done); });
}

void Auth::RoleDelete(const std::string& name, const CallOptions& options,
                      Callback<AuthChangeResponse> done) {
  pb::AuthRoleDeleteRequest message;
  message.set_role(name);
  Ask<pb::AuthRoleDeleteResponse>(Impl(), kRoleDelete, message, {name}, options, std::move(done));
}
Result<AuthChangeResponse> Auth::RoleDelete(const std::string& name, const CallOptions& options) {
  return Impl()->Await<Result<AuthChangeResponse>>(
      [&](auto done) { RoleDelete(name, options, done); });
}

void Auth::RoleGet(const std::string& name, const CallOptions& options,
                   Callback<RoleGetResponse> done) {
  pb::AuthRoleGetRequest message;
  message.set_role(name);
  Ask<pb::AuthRoleGetResponse>(Impl(), kRoleGet, message, {name}, options, std::move(done));
}
Result<RoleGetResponse> Auth::RoleGet(const std::string& name, const CallOptions& options) {
  return Impl()->Await<Result<RoleGetResponse>>([&](auto done) { RoleGet(name, options, done); });
}

void Auth::RoleList(const CallOptions& options, Callback<RoleListResponse> done) {
  Impl()->Unary<pb::AuthRoleListResponse>(
      Impl()->NewRequest(kRoleList, pb::AuthRoleListRequest(), options), options, std::move(done));
}
Result<RoleListResponse> Auth::RoleList(const CallOptions& options) {
  return Impl()->Await<Result<RoleListResponse>>([&](auto done) { RoleList(options, done); });
}

void Auth::RoleGrantPermission(const std::string& role, const Permission& permission,
                               const CallOptions& options, Callback<AuthChangeResponse> done) {
  pb::AuthRoleGrantPermissionRequest message;
  message.set_name(role);
  message.mutable_perm()->set_permtype(static_cast<authpb::Permission::Type>(permission.type));
  message.mutable_perm()->set_key(permission.key);
  message.mutable_perm()->set_range_end(permission.range_end);
  Ask<pb::AuthRoleGrantPermissionResponse>(Impl(), kRoleGrantPermission, message, {role}, options,
                                           std::move(done));
}
Result<AuthChangeResponse> Auth::RoleGrantPermission(const std::string& role,
                                                     const Permission& permission,
                                                     const CallOptions& options) {
  return Impl()->Await<Result<AuthChangeResponse>>(
      [&](auto done) { RoleGrantPermission(role, permission, options, done); });
}

void Auth::RoleRevokePermission(const std::string& role, const std::string& key,
                                const std::string& range_end, const CallOptions& options,
                                Callback<AuthChangeResponse> done) {
  pb::AuthRoleRevokePermissionRequest message;
  message.set_role(role);
  message.set_key(key);
  message.set_range_end(range_end);
  Ask<pb::AuthRoleRevokePermissionResponse>(Impl(), kRoleRevokePermission, message, {role}, options,
                                            std::move(done));
}
Result<AuthChangeResponse> Auth::RoleRevokePermission(const std::string& role,
                                                      const std::string& key,
                                                      const std::string& range_end,
                                                      const CallOptions& options) {
  return Impl()->Await<Result<AuthChangeResponse>>(
      [&](auto done) { RoleRevokePermission(role, key, range_end, options, done); });
}

}  // namespace v1
}  // namespace etcd
